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

// No float32 scale spans this: one code would be 1.3e306 wide.
class TooWide : public Observer {
 public:
  using Observer::Observer;
  std::vector<Result> solve(std::span<const Channel> channels) override {
    return {channels.size(), Result::range(-1.7e308, 1.7e308)};
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

// What is written in C or another language keeps no promise that the wrapper above keeps for it.

int32_t throw_a_number(void*, const rangefinder_channel*, size_t, rangefinder_result*,
                       rangefinder_message) {
  throw 42;
}

int32_t throw_text(void*, const rangefinder_channel*, size_t, rangefinder_result*,
                   rangefinder_message) {
  throw "out of luck";
}

int32_t throw_exception(void*, const rangefinder_channel*, size_t, rangefinder_result*,
                        rangefinder_message) {
  throw std::invalid_argument("all wrong");
}

int32_t never_end_the_reason(void*, const rangefinder_channel*, size_t, rangefinder_result*,
                             rangefinder_message why) {
  std::memset(why.text, 'x', why.capacity);
  return 1;
}

rangefinder_observer with_solve(const char* name, decltype(rangefinder_observer::solve) solve) {
  rangefinder_observer observer = describe<Throws>(name);
  observer.solve = solve;
  return observer;
}

rangefinder_observer throws_when_made() {
  rangefinder_observer observer = describe<Throws>("throws-when-made");
  observer.create = [](const rangefinder_request*, rangefinder_message) -> void* { throw 42; };
  return observer;
}

rangefinder_observer throws_when_destroyed() {
  rangefinder_observer observer = describe<OffTheGrid>("throws-when-destroyed");
  observer.destroy = [](void* self) {
    delete static_cast<Observer*>(self);
    throw 42;
  };
  return observer;
}

rangefinder_observer makes_nothing() {
  rangefinder_observer observer = describe<Throws>("makes-nothing");
  observer.create = [](const rangefinder_request*, rangefinder_message) -> void* {
    return nullptr;
  };
  return observer;
}

}  // namespace

RANGEFINDER_OBSERVER_PLUGIN(
    describe<Throws>("throws"), describe<TooFew>("too-few"), describe<NotANumber>("not-a-number"),
    describe<OffTheGrid>("off-the-grid"), describe<WillNotStart>("will-not-start"),
    describe<TooWide>("too-wide"), with_solve("throws-number", throw_a_number),
    with_solve("throws-text", throw_text), with_solve("throws-exception", throw_exception),
    with_solve("endless-reason", never_end_the_reason), throws_when_made(), throws_when_destroyed(),
    makes_nothing(), describe<Counts>("counts", {.raw_pass_count = 1, .needs_statistics = false}))
