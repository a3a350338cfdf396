#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <memory>

namespace rangefinder {

/// Lets work be stopped from outside, wherever it is: as long as it lives, what this thread does
/// heeds a flag.
///
/// Long loops call stop_if_cancelled(); what blocks in a foreign library says with OnCancellation
/// how it is stopped. Threads made for the work take over the flag by CancellationOf.
class Cancellation {
 public:
  struct State;

  /// Null: nothing changes. Within the life of another one that one is hidden.
  explicit Cancellation(const std::atomic<bool>* flag);
  ~Cancellation();
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;

  /// What this thread heeds; null: nothing.
  static State* current();

 private:
  State* const outer_;
  std::unique_ptr<State> own_;
};

/// Lets this thread heed what another one does, which must outlive it.
class CancellationOf {
 public:
  explicit CancellationOf(Cancellation::State* state);
  ~CancellationOf();
  CancellationOf(const CancellationOf&) = delete;
  CancellationOf& operator=(const CancellationOf&) = delete;

 private:
  Cancellation::State* const outer_;
};

/// True once the flag that this thread heeds is set.
bool is_cancelled();
/// Throws Error("interrupted") then.
void stop_if_cancelled();

/// As long as it lives, `stop` is called once the flag is set (at once if it is), from a thread of
/// our own, within some ten milliseconds. It must not throw.
class OnCancellation {
 public:
  explicit OnCancellation(std::function<void()> stop);
  /// Returns when `stop` neither runs nor will.
  ~OnCancellation();
  OnCancellation(const OnCancellation&) = delete;
  OnCancellation& operator=(const OnCancellation&) = delete;

 private:
  Cancellation::State* const state_;
  std::list<std::function<void()>>::iterator place_;
};

}  // namespace rangefinder
