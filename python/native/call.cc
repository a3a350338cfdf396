#include "call.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "rangefinder/error.h"

// The engine's thread and Python's meet at one mutex. The thread of Python holds the interpreter's
// lock while it does something and gives it back while it waits; the mutex is never held while
// Python runs.

namespace rangefinder::python {
namespace {

namespace nb = nanobind;

/// How often a thread that waits looks whether the user wants to interrupt.
constexpr std::chrono::milliseconds kListen(50);
/// How long the engine may take to end by itself, and say where, when what it asked of Python
/// failed.
constexpr std::chrono::milliseconds kGrace(300);

thread_local std::weak_ptr<Call> current_call;

/// Adds what the engine says about the place to what Python threw: "tensor 'conv1_out': ...".
void add_note(const nb::python_error& thrown, const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    if (!error.place().tensor.empty()) thrown.value().attr("add_note")(error.what());
  } catch (const std::exception& unrelated) {
    static_cast<void>(unrelated);
  }
}

}  // namespace

Call::Call(nb::object progress) : progress_(std::move(progress)) {}

SampleSource Call::source(const GivenSamples& given, std::optional<uint64_t> limit) {
  if (given.files) return *given.files;
  const auto stream = std::make_shared<PythonStream>(given.iterable, limit, mutex_, changed_);
  streams_.push_back(stream);
  std::function<void()> rewind;
  // The stream is the call's: the last to go must be a thread that has the interpreter's lock.
  PythonStream* const its = stream.get();
  if (given.can_rewind) rewind = [its] { its->rewind(); };
  return SampleSource::from_generator([its] { return its->next(); }, rewind);
}

void Call::watch(RunControl& control) {
  control.cancelled = &cancelled_;
  control.progress = [this](const std::string& stage, size_t done, size_t total) {
    const std::lock_guard lock(mutex_);
    if (reports_.empty() || reports_.back().stage != stage) reports_.push_back({});
    reports_.back() = {stage, done, total};
    changed_.notify_all();
  };
  control.notice = [this](const std::string& message) {
    const std::lock_guard lock(mutex_);
    notices_.push_back(message);
    changed_.notify_all();
  };
}

void Call::end_work() {
  const nb::gil_scoped_release release;
  std::unique_lock lock(mutex_);
  for (const auto& stream : streams_) stream->close();
  changed_.notify_all();
  if (has_failed_request_) changed_.wait_for(lock, kGrace, [this] { return done_; });
  cancelled_ = true;
  for (Request* const request : requests_) request->failed = request->done = true;
  requests_.clear();
  changed_.notify_all();
}

void Call::finish(std::thread& engine) {
  const nb::gil_scoped_release release;
  engine.join();
}

void Call::run(const std::function<void()>& job) {
  const std::shared_ptr<Call> self(this, [](Call*) {});
  std::thread engine([this, &job, &self] {
    current_call = self;
    try {
      job();
    } catch (...) {
      failure_ = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    done_ = true;
    changed_.notify_all();
  });
  try {
    serve();
  } catch (nb::python_error& thrown) {
    end_work();
    finish(engine);
    if (failure_) add_note(thrown, failure_);
    throw;
  } catch (...) {
    end_work();
    finish(engine);
    throw;
  }
  finish(engine);
  if (failure_) std::rethrow_exception(failure_);
  report();
}

bool Call::has_work() const {
  const auto wants = [](const auto& stream) { return stream->wants_sample(); };
  const bool has_news =
      !requests_.empty() || !notices_.empty() || (!reports_.empty() && !progress_.is_none());
  return has_news || std::any_of(streams_.begin(), streams_.end(), wants);
}

void Call::serve() {
  while (true) {
    if (PyErr_CheckSignals() != 0) nb::raise_python_error();
    if (serve_once()) continue;
    const nb::gil_scoped_release release;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kListen, [this] { return done_ || has_work(); });
    if (done_) return;
  }
}

/// Does one thing that waits to be done; false if there is none.
bool Call::serve_once() {
  report();
  Request* request = nullptr;
  std::shared_ptr<PythonStream> stream;
  {
    const std::lock_guard lock(mutex_);
    if (done_) return false;
    if (!requests_.empty()) {
      request = requests_.front();
      requests_.pop_front();
    }
    for (const auto& each : streams_) {
      if (each->wants_sample()) stream = each;
    }
  }
  if (request != nullptr) answer(*request);
  if (request == nullptr && stream) stream->pull();
  return request != nullptr || stream;
}

void Call::answer(Request& request) {
  const auto settle = [&](bool failed) {
    const std::lock_guard lock(mutex_);
    request.failed = failed;
    request.done = true;
    changed_.notify_all();
  };
  try {
    (*request.work)();
  } catch (...) {
    has_failed_request_ = true;
    settle(true);
    throw;
  }
  settle(false);
}

void Call::ask(const std::function<void()>& work) {
  Request request{.work = &work};
  std::unique_lock lock(mutex_);
  if (cancelled_) throw Error("interrupted");
  requests_.push_back(&request);
  changed_.notify_all();
  changed_.wait(lock, [&] { return request.done; });
  if (request.failed) throw Error("interrupted");
}

void Call::report() {
  std::deque<Report> reports;
  std::vector<std::string> notices;
  {
    const std::lock_guard lock(mutex_);
    reports.swap(reports_);
    notices.swap(notices_);
  }
  for (const std::string& notice : notices) {
    if (PyErr_WarnEx(PyExc_UserWarning, notice.c_str(), 1) != 0) nb::raise_python_error();
  }
  if (progress_.is_none()) return;
  for (const auto& [stage, done, total] : reports) progress_(stage, done, total);
}

std::shared_ptr<Call> Call::current() { return current_call.lock(); }

}  // namespace rangefinder::python
