#include "rangefinder/observer.h"

#include <stdexcept>

#include "api/fixture.h"

namespace rangefinder {
namespace {

using plugin::Channel;
using plugin::Result;
using testing::Contains;
using testing::HasSubstr;
using testing::ThrowsMessage;

class HalfMax : public Observer {
 public:
  using Observer::Observer;
  std::vector<Result> solve(std::span<const Channel> channels) override {
    std::vector<Result> results;
    for (const Channel& c : channels) results.push_back(Result::range(c.min / 2, c.max / 2));
    return results;
  }
};

class Grumbler : public Observer {
 public:
  using Observer::Observer;
  std::vector<Result> solve(std::span<const Channel>) override {
    throw std::runtime_error("not today");
  }
};

using ObserverApi = ApiTest;

TEST_F(ObserverApi, AMethodOfTheUsersOwnServesLikeAnyOther) {
  register_calibration_observer<HalfMax>("Half-Max");
  EXPECT_THAT(known_methods(), Contains("half-max"));
  const QuantizedModel half = quantize(model(), memory(8), {.method = {.name = "half-max"}});
  const QuantizedModel whole = quantize(model(), memory(8), {.method = {.name = "minmax"}});
  EXPECT_EQ(half.summary().tensors[0].method, "half-max");
  EXPECT_NEAR(half.summary().tensors[0].scale, whole.summary().tensors[0].scale / 2, 1e-4);
  EXPECT_THAT([] { register_calibration_observer<HalfMax>("HALF-max"); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("already registered")));
}

TEST_F(ObserverApi, WhatItThrowsNamesTheTensor) {
  register_calibration_observer<Grumbler>("grumbler");
  try {
    quantize(model(), memory(8), {.method = {.for_tensors = {{"r", "grumbler"}}}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("not today"));
    EXPECT_EQ(error.place().tensor, "r");
  }
}

TEST_F(ObserverApi, AFactoryMakesObserversThatKnowMoreThanTheirClass) {
  class Fixed : public Observer {
   public:
    Fixed(const plugin::Request& request, double high) : Observer(request), high_(high) {}
    std::vector<Result> solve(std::span<const Channel> channels) override {
      return {channels.size(), Result::range(0, high_)};
    }

   private:
    double high_;
  };
  for (const double high : {255.0, 510.0}) {
    register_calibration_observer(
        "to-" + std::to_string(static_cast<int>(high)),
        [high](const plugin::Request& request) { return std::make_unique<Fixed>(request, high); });
  }
  const auto scale = [&](const std::string& method) {
    return quantize(model(), memory(8), {.method = {.name = method}}).summary().tensors[0].scale;
  };
  EXPECT_EQ(scale("to-255"), 1.0F);
  EXPECT_EQ(scale("TO-510"), 2.0F);
  EXPECT_THROW(register_calibration_observer("nothing", ObserverFactory()), std::invalid_argument);
}

TEST_F(ObserverApi, DescriptionsAreChecked) {
  EXPECT_THROW(register_calibration_observer<HalfMax>("two words"), std::invalid_argument);
  EXPECT_THROW(register_calibration_observer<HalfMax>("", {}), std::invalid_argument);
  EXPECT_THROW(register_calibration_observer<HalfMax>("blind", {.needs_statistics = false}),
               std::invalid_argument);
  EXPECT_THROW(register_calibration_observer("hollow", rangefinder_observer{}),
               std::invalid_argument);
  EXPECT_THROW(load_plugin(file("missing.so")), Error);
}

}  // namespace
}  // namespace rangefinder
