#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

#include "casters.h"
#include "rangefinder/tensor.h"

namespace rangefinder::python {

/// Samples on their way from an iterable of Python to the engine, a few of them in between.
///
/// The engine's side, next() and rewind(), never touches Python; pull() is for the thread that has
/// the interpreter's lock. All share the mutex of the call.
class PythonStream {
 public:
  PythonStream(nanobind::object iterable, std::optional<uint64_t> limit, std::mutex& mutex,
               std::condition_variable& changed);

  /// Waits for the next sample; nothing at the end. Throws Error("interrupted") after close().
  std::optional<NamedTensors> next();
  void rewind();

  /// Whether pull() is wanted. The mutex is held.
  bool wants_sample() const;
  /// Takes one sample out of the iterable. Throws what Python throws; TypeError for what is no
  /// array, naming the sample.
  void pull();
  /// No more samples are to come. The mutex is held.
  void close() { closed_ = true; }

 private:
  std::optional<NamedTensors> pulled(uint64_t pass);

  nanobind::object iterable_;
  nanobind::object iterator_;
  uint64_t iterator_pass_ = 0;
  const std::optional<uint64_t> limit_;
  std::mutex& mutex_;
  std::condition_variable& changed_;
  std::deque<NamedTensors> ready_;
  /// Rises with every rewind(); what was pulled for an earlier pass is dropped.
  uint64_t pass_ = 1;
  uint64_t pulled_ = 0;
  /// Nothing is pulled before the engine asks for the first time.
  bool opened_ = false;
  bool ended_ = false;
  bool closed_ = false;
};

}  // namespace rangefinder::python
