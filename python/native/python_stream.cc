#include "python_stream.h"

#include <algorithm>
#include <string>
#include <thread>
#include <utility>

#include "arrays.h"
#include "rangefinder/error.h"

namespace rangefinder::python {
namespace {

namespace nb = nanobind;

/// As many as keep all workers busy while one sample is loaded.
size_t room() { return 2 * std::max(1U, std::thread::hardware_concurrency()); }

/// The next item of an iterator; null at the end.
nb::object next_item(const nb::object& iterator) {
  PyObject* const item = PyIter_Next(iterator.ptr());
  if (item == nullptr && PyErr_Occurred() != nullptr) nb::raise_python_error();
  return nb::steal(item);
}

}  // namespace

PythonStream::PythonStream(nb::object iterable, std::optional<uint64_t> limit, std::mutex& mutex,
                           std::condition_variable& changed)
    : iterable_(std::move(iterable)), limit_(limit), mutex_(mutex), changed_(changed) {}

std::optional<NamedTensors> PythonStream::next() {
  std::unique_lock lock(mutex_);
  opened_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return closed_ || ended_ || !ready_.empty(); });
  if (closed_) throw Error("interrupted");
  if (ready_.empty()) return std::nullopt;
  NamedTensors sample = std::move(ready_.front());
  ready_.pop_front();
  changed_.notify_all();
  return sample;
}

void PythonStream::rewind() {
  const std::lock_guard lock(mutex_);
  ++pass_;
  ready_.clear();
  ended_ = false;
}

bool PythonStream::wants_sample() const {
  return opened_ && !ended_ && !closed_ && ready_.size() < room();
}

std::optional<NamedTensors> PythonStream::pulled(uint64_t pass) {
  if (iterator_pass_ != pass) {
    iterator_ = nb::iter(iterable_);
    iterator_pass_ = pass;
    pulled_ = 0;
  }
  if (limit_ && pulled_ >= *limit_) return std::nullopt;
  const nb::object item = next_item(iterator_);
  if (!item.is_valid()) return std::nullopt;
  return tensors_of(nb::cast<nb::dict>(item));
}

void PythonStream::pull() {
  uint64_t pass = 0;
  {
    const std::lock_guard lock(mutex_);
    pass = pass_;
  }
  std::optional<NamedTensors> sample = pulled(pass);
  const std::lock_guard lock(mutex_);
  if (pass == pass_) {
    if (sample) {
      ready_.push_back(std::move(*sample));
      ++pulled_;
    } else {
      ended_ = true;
      iterator_ = nb::object();
      iterator_pass_ = 0;
    }
  }
  changed_.notify_all();
}

}  // namespace rangefinder::python
