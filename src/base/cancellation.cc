// The flag is a plain atomic, because a signal handler sets it, and nothing can wait for that. So a
// thread looks at it every few milliseconds - only while there is something to stop: a call into
// ONNX Runtime. Everything else looks itself.
#include "base/cancellation.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/error.h"

namespace rangefinder {
namespace {

constexpr std::chrono::milliseconds kPeriod(10);

thread_local Cancellation::State* t_current = nullptr;

}  // namespace

struct Cancellation::State {
  using Stops = std::list<std::function<void()>>;

  explicit State(const std::atomic<bool>* heeded) : flag(heeded) {}

  Stops::iterator add(std::function<void()> stop) {
    const std::lock_guard lock(mutex);
    if (*flag) stop();
    stops.push_front(std::move(stop));
    if (!watcher.joinable()) {
      watcher = std::jthread([this](const std::stop_token& end) { watch(end); });
    }
    return stops.begin();
  }

  void remove(Stops::iterator place) {
    const std::lock_guard lock(mutex);
    stops.erase(place);
  }

  void watch(const std::stop_token& end) {
    std::unique_lock lock(mutex);
    while (!end.stop_requested() && !*flag) {
      wake.wait_for(lock, end, kPeriod, [] { return false; });
    }
    if (end.stop_requested()) return;
    for (const auto& stop : stops) stop();
  }

  const std::atomic<bool>* flag;
  std::mutex mutex;
  std::condition_variable_any wake;
  Stops stops;
  // Last: it ends before what it looks at.
  std::jthread watcher;
};

Cancellation::Cancellation(const std::atomic<bool>* flag) : outer_(t_current) {
  if (flag == nullptr) return;
  own_ = std::make_unique<State>(flag);
  t_current = own_.get();
}

Cancellation::~Cancellation() { t_current = outer_; }

Cancellation::State* Cancellation::current() { return t_current; }

CancellationOf::CancellationOf(Cancellation::State* state) : outer_(t_current) {
  t_current = state;
}

CancellationOf::~CancellationOf() { t_current = outer_; }

bool is_cancelled() { return t_current != nullptr && *t_current->flag; }

void stop_if_cancelled() {
  if (is_cancelled()) throw Error("interrupted");
}

OnCancellation::OnCancellation(std::function<void()> stop) : state_(t_current) {
  if (state_ != nullptr) place_ = state_->add(std::move(stop));
}

OnCancellation::~OnCancellation() {
  if (state_ != nullptr) state_->remove(place_);
}

}  // namespace rangefinder
