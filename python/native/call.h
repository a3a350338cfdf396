#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "casters.h"
#include "python_stream.h"
#include "rangefinder/run_control.h"
#include "rangefinder/samples.h"

namespace rangefinder::python {

/// What a call of Python is given as samples: files, or an object of Python that yields
/// dictionaries of arrays.
struct GivenSamples {
  std::optional<SampleSource> files = {};
  nanobind::object iterable = {};
  /// Whether iter() of it begins anew.
  bool can_rewind = false;
};

/// One call of Python at work.
///
/// The engine runs on a thread of its own and never touches Python. The thread that called serves
/// it: pulls samples out of the user's iterable ahead of time, runs what the engine must ask Python
/// (methods and metrics of the user), reports progress and listens to Ctrl-C. Whatever Python
/// throws on the way ends the work and leaves the call as it is.
class Call {
 public:
  /// `progress` is called with (stage, done, total), or None.
  explicit Call(nanobind::object progress);
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  /// To be used in run() only. `limit`: no more samples are asked for.
  SampleSource source(const GivenSamples& given, std::optional<uint64_t> limit = {});
  /// Heeds this call's progress and interrupts.
  void watch(RunControl& control);

  /// Runs `job` on a thread of its own until it is done. Throws what the job or Python throws.
  void run(const std::function<void()>& job);

  /// Runs `work` on the thread that called, with the interpreter's lock. Throws
  /// Error("interrupted") if it fails or the call has ended; what it threw then leaves run().
  void ask(const std::function<void()>& work);
  /// The call that this thread works for; null if none.
  static std::shared_ptr<Call> current();

 private:
  struct Report {
    std::string stage;
    size_t done;
    size_t total;
  };
  struct Request {
    const std::function<void()>* work;
    bool done = false;
    bool failed = false;
  };

  void serve();
  bool serve_once();
  void answer(Request& request);
  void report();
  void end_work();
  bool has_work() const;
  void finish(std::thread& engine);

  nanobind::object progress_;
  std::atomic<bool> cancelled_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<PythonStream>> streams_;
  std::deque<Report> reports_;
  std::vector<std::string> notices_;
  std::deque<Request*> requests_;
  bool has_failed_request_ = false;
  bool done_ = false;
  std::exception_ptr failure_;
};

}  // namespace rangefinder::python
