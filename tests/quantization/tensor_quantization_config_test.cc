#include "quantization/tensor_quantization_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>
#include <vector>

namespace rangefinder::quantization {
namespace {

using Config = TensorQuantizationConfig;

const std::vector<State> kStates = {State::kInitial,      State::kActivated,   State::kBaked,
                                    State::kOverlapped,   State::kPassiveInit, State::kPassive,
                                    State::kPassiveBaked, State::kFp32};

TEST(QuantizationProperties, AcceptTwentyCombinations) {
  int valid = 0;
  for (int bit = 0; bit < 32; ++bit) {
    const QuantizationProperties properties = {
        bit & 1 ? Granularity::kPerChannel : Granularity::kPerTensor,
        bit & 2 ? Representation::kFloating : Representation::kLinear,
        bit & 4 ? Symmetry::kAsymmetric : Symmetry::kSymmetric,
        bit & 8 ? ScaleRule::kPowerOf2 : ScaleRule::kAny,
        bit & 16 ? Timing::kDynamic : Timing::kStatic};
    try {
      properties.check();
      ++valid;
    } catch (const std::invalid_argument&) {
      EXPECT_EQ(properties.representation, Representation::kFloating);
    }
  }
  EXPECT_EQ(valid, 16 + 4);  // linear: all; floating: granularity x scale rule
}

TEST(TensorQuantizationConfig, LinearTakesTheWidestGridOfItsBits) {
  const Config s = Config::linear(Symmetry::kSymmetric, 4);
  EXPECT_EQ(s.quant_min, -8);
  EXPECT_EQ(s.quant_max, 7);
  const Config a = Config::linear(Symmetry::kAsymmetric, 16);
  EXPECT_EQ(a.quant_min, 0);
  EXPECT_EQ(a.quant_max, 65535);
  EXPECT_EQ(a.level_count(), 65536u);
  EXPECT_EQ(Config::linear(Symmetry::kSymmetric, 32).quant_max, 2147483647);
  EXPECT_THROW(Config::linear(Symmetry::kSymmetric, 1), std::invalid_argument);
  EXPECT_THROW(Config::linear(Symmetry::kSymmetric, 33), std::invalid_argument);
}

TEST(TensorQuantizationConfig, RefusesBitsAndBoundsThatContradict) {
  const auto check = [](int bits, int64_t low, int64_t high) {
    Config config;
    config.bits = bits;
    config.quant_min = low;
    config.quant_max = high;
    config.check();
  };
  EXPECT_NO_THROW(check(8, -127, 127));
  EXPECT_NO_THROW(check(8, 0, 127));
  EXPECT_NO_THROW(check(2, -2, 1));
  EXPECT_THROW(check(8, -127, 128), std::invalid_argument);
  EXPECT_THROW(check(8, 0, 256), std::invalid_argument);
  EXPECT_THROW(check(4, -128, 127), std::invalid_argument);
  EXPECT_THROW(check(8, 5, 5), std::invalid_argument);
  EXPECT_THROW(check(8, 7, -8), std::invalid_argument);
  EXPECT_THROW(check(1, 0, 1), std::invalid_argument);
}

TEST(TensorQuantizationConfig, ChannelAxisAndChannelsBelongTogether) {
  Config config = Config::linear(Symmetry::kSymmetric);
  EXPECT_THROW(config.channel_axis_of(4), std::invalid_argument);
  config.channel_axis = 1;
  EXPECT_THROW(config.check(), std::invalid_argument);
  config.properties.granularity = Granularity::kPerChannel;
  EXPECT_NO_THROW(config.check());
  EXPECT_EQ(config.channel_axis_of(4), 1u);
  EXPECT_THROW(config.channel_axis_of(1), std::invalid_argument);
  config.channel_axis = -1;
  EXPECT_EQ(config.channel_axis_of(4), 3u);
  config.channel_axis = -5;
  EXPECT_THROW(config.channel_axis_of(4), std::invalid_argument);
  config.channel_axis.reset();
  EXPECT_THROW(config.check(), std::invalid_argument);
}

TEST(TensorQuantizationConfig, FloatingHasEightBits) {
  Config config = Config::floating(FloatFormat::kE5M2);
  EXPECT_NO_THROW(config.check());
  config.bits = 4;
  EXPECT_THROW(config.check(), std::invalid_argument);
}

TEST(State, TransitionsAreTheOnesOfTheTable) {
  // Rows: from; columns: to; in the order of kStates. docs/numerics/states.md.
  const std::vector<std::vector<int>> allowed = {
      {1, 1, 0, 1, 1, 1, 0, 1},  // INITIAL
      {1, 1, 1, 1, 0, 1, 0, 1},  // ACTIVATED
      {0, 0, 1, 0, 0, 0, 0, 0},  // BAKED
      {0, 0, 0, 1, 0, 0, 0, 0},  // OVERLAPPED
      {0, 0, 0, 1, 1, 1, 0, 1},  // PASSIVE_INIT
      {1, 0, 0, 1, 1, 1, 1, 1},  // PASSIVE
      {0, 0, 0, 0, 0, 0, 1, 0},  // PASSIVE_BAKED
      {1, 0, 0, 0, 1, 0, 0, 1},  // FP32
  };
  for (size_t from = 0; from < kStates.size(); ++from) {
    for (size_t to = 0; to < kStates.size(); ++to) {
      EXPECT_EQ(is_allowed(kStates[from], kStates[to]), allowed[from][to] == 1)
          << name_of(kStates[from]) << " -> " << name_of(kStates[to]);
    }
  }
}

TEST(State, OnlyActivatedAndPassiveAreInForce) {
  for (const State state : kStates) {
    EXPECT_EQ(is_active(state), state == State::kActivated || state == State::kPassive);
  }
}

TEST(TensorQuantizationConfig, ActivationNeedsParametersThatMakeSense) {
  Config config = Config::linear(Symmetry::kSymmetric);
  EXPECT_THROW(config.move_to(State::kActivated), std::invalid_argument);
  EXPECT_THROW(config.activate({1, 2}, {0, 0}), std::invalid_argument);
  EXPECT_THROW(config.activate({1}, {}), std::invalid_argument);
  for (const float bad : {0.0f, -1.0f, std::nanf(""), std::numeric_limits<float>::infinity()}) {
    EXPECT_THROW(config.activate({bad}, {0}), std::invalid_argument);
  }
  EXPECT_EQ(config, Config::linear(Symmetry::kSymmetric)) << "a failed step changes nothing";
  config.activate({0.5f}, {0});
  EXPECT_EQ(config.state(), State::kActivated);
  config.move_to(State::kBaked);
  EXPECT_THROW(config.move_to(State::kInitial), std::invalid_argument);
}

TEST(TensorQuantizationConfig, SchemeIgnoresParametersAndObserver) {
  Config a = Config::linear(Symmetry::kSymmetric);
  Config b = a;
  b.observer = "kl";
  b.activate({1}, {0});
  EXPECT_TRUE(a.has_same_scheme(b));
  b.quant_min = -127;
  EXPECT_FALSE(a.has_same_scheme(b));
}

}  // namespace
}  // namespace rangefinder::quantization
