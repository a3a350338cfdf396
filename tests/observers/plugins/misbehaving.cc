// Observers that do what they must not: the program has to answer each with a clear error.

#include <limits>

#include "rangefinder/observer_plugin.h"

namespace {

using namespace rangefinder::plugin;

class Throws : public Observer {
 public:
  using Observer::Observer;
  std::vector<Result> solve(std::span<const Channel>) override {
    throw std::runtime_error("out of luck");
  }
};

class TooFew : public Observer {
 public:
  using Observer::Observer;
  std::vector<Result> solve(std::span<const Channel>) override { return {}; }
};

class NotANumber : public Observer {
 public:
  using Observer::Observer;
  std::vector<Result> solve(std::span<const Channel> channels) override {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    return {channels.size(), Result::range(nan, nan)};
  }
};

class OffTheGrid : public Observer {
 public:
  using Observer::Observer;
  std::vector<Result> solve(std::span<const Channel> channels) override {
    return {channels.size(), Result::parameters(1, 9999)};
  }
};

class WillNotStart : public Observer {
 public:
  explicit WillNotStart(const Request& wanted) : Observer(wanted) {
    throw std::runtime_error("not today");
  }
  std::vector<Result> solve(std::span<const Channel>) override { return {}; }
};

// Counts what it is shown; merges.
class Counts : public Observer {
 public:
  using Observer::Observer;
  void observe(const Batch& batch) override { count_ += static_cast<double>(batch.value_count); }
  void merge(const Observer& other) override { count_ += static_cast<const Counts&>(other).count_; }
  std::vector<Result> solve(std::span<const Channel>) override {
    return {Result::range(0, count_)};
  }

 private:
  double count_ = 0;
};

}  // namespace

RANGEFINDER_OBSERVER_PLUGIN(
    describe<Throws>("throws"), describe<TooFew>("too-few"), describe<NotANumber>("not-a-number"),
    describe<OffTheGrid>("off-the-grid"), describe<WillNotStart>("will-not-start"),
    describe<Counts>("counts", {.raw_pass_count = 1, .needs_statistics = false}))
