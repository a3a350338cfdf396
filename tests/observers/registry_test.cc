#include "observers/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "observers/calibrate.h"

namespace rangefinder::observers {
namespace {

using testing::HasSubstr;
using Config = quantization::TensorQuantizationConfig;

class Unit : public Observer {
 public:
  Solution solve(const Observations&) override { return {.parameters = {{1, 0}}}; }
};

ObserverFactory unit_factory() {
  return [](const Config&, const CalibrationOptions&) { return std::make_unique<Unit>(); };
}

TEST(Registry, NamesIgnoreCase) {
  Registry registry;
  registry.add("My-Method", unit_factory());
  EXPECT_THAT(registry.names(), testing::ElementsAre("my-method"));
  EXPECT_TRUE(registry.contains("MY-METHOD"));
  EXPECT_NE(registry.create("mY-mEtHoD", {}), nullptr);
}

TEST(Registry, RefusesANameTakenTwiceInAnyCase) {
  Registry registry;
  registry.add("x", unit_factory());
  EXPECT_THROW(registry.add("X", unit_factory()), std::invalid_argument);
}

TEST(Registry, RefusesNamesAndFactoriesThatCannotBeUsed) {
  Registry registry;
  EXPECT_THROW(registry.add("", unit_factory()), std::invalid_argument);
  EXPECT_THROW(registry.add("a=b", unit_factory()), std::invalid_argument);
  EXPECT_THROW(registry.add("ok", nullptr), std::invalid_argument);
  EXPECT_TRUE(registry.names().empty());
}

TEST(Registry, AnUnknownMethodListsTheKnownOnes) {
  Registry registry;
  registry.add("alpha", unit_factory());
  registry.add("beta", unit_factory());
  try {
    registry.create("gamma", {});
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("'gamma'"));
    EXPECT_THAT(error.what(), HasSubstr("alpha, beta"));
  }
  EXPECT_THAT([&] { registry.create("bta", {}); },
              testing::ThrowsMessage<std::invalid_argument>(HasSubstr("did you mean 'beta'?")));
}

TEST(Registry, TellsWhatMethodsAreAndRead) {
  Registry registry;
  registry.add("plain", unit_factory());
  registry.add("Known", unit_factory(), {"keeps all", {"axis"}});
  const auto infos = registry.infos();
  ASSERT_EQ(infos.size(), 2u);
  EXPECT_EQ(infos[0].name, "known");
  EXPECT_EQ(infos[0].summary, "keeps all");
  EXPECT_EQ(infos[0].options, std::vector<std::string>{"axis"});
  EXPECT_EQ(infos[1].summary, "");
  EXPECT_EQ(infos[1].options, (std::vector<std::string>{"percentile", "alpha"}));
}

TEST(RegisterCalibrationObserver, MakesTheMethodUsableByName) {
  register_calibration_observer("registry-test-unit", unit_factory());
  Config config = Config::linear(quantization::Symmetry::kSymmetric);
  const std::vector<statistics::TensorStatistics> seen(1);
  calibrate("Registry-Test-Unit", {}, seen, config);
  EXPECT_EQ(config.state(), quantization::State::kActivated);
  EXPECT_EQ(config.observer, "registry-test-unit");
  EXPECT_THROW(register_calibration_observer("minmax", unit_factory()), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::observers
