#pragma once

#include <cstddef>
#include <optional>

namespace rangefinder::engine {

/// Which switch of the operators Round, Restore and Select (switch_ops.h) is on for the runs that
/// the calling thread makes. A session's kernels compute on the thread that runs it, so that
/// several threads may run one session with other switches on.
///
///     const SwitchedOn scope(atom);
///     const auto outputs = session.run(sample);
class SwitchedOn {
 public:
  explicit SwitchedOn(size_t number);
  ~SwitchedOn();
  SwitchedOn(const SwitchedOn&) = delete;
  SwitchedOn& operator=(const SwitchedOn&) = delete;

 private:
  std::optional<size_t> before_;
};

/// Whether this switch is on for the calling thread. None is outside of a scope.
bool is_switched_on(size_t number);

}  // namespace rangefinder::engine
