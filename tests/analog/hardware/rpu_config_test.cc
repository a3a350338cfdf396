#include "analog/hardware/rpu_config.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>
#include <stdexcept>

namespace rangefinder::analog {
namespace {

TEST(RpuConfig, DefaultsAreAllowed) { EXPECT_NO_THROW(validate(RpuConfig{})); }

TEST(RpuConfig, FieldsAreListedOnce) {
  std::set<std::string> paths;
  size_t count = 0;
  RpuConfig config;
  visit_fields(config, [&](const char* path, auto&) {
    paths.insert(path);
    ++count;
  });
  EXPECT_EQ(paths.size(), count);
  EXPECT_EQ(count, 16u);
}

struct Bad {
  const char* field;
  std::function<void(RpuConfig&)> change;
};

TEST(RpuConfig, BadValuesAreRefusedByName) {
  const Bad cases[] = {
      {"forward.inp_res", [](RpuConfig& c) { c.forward.inp_res = -2; }},
      {"forward.inp_res", [](RpuConfig& c) { c.forward.inp_res = NAN; }},
      {"forward.out_res", [](RpuConfig& c) { c.forward.out_res = -0.5; }},
      {"forward.out_res", [](RpuConfig& c) { c.forward.out_res = 254; }},
      {"forward.out_bound", [](RpuConfig& c) { c.forward.out_bound = -1; }},
      {"forward.out_noise", [](RpuConfig& c) { c.forward.out_noise = -1; }},
      {"pre_post.input_range.init_value",
       [](RpuConfig& c) { c.pre_post.input_range.init_value = 0; }},
      {"pre_post.input_range.init_std_alpha",
       [](RpuConfig& c) { c.pre_post.input_range.init_std_alpha = -3; }},
      {"mapping.max_input_size", [](RpuConfig& c) { c.mapping.max_input_size = -2; }},
      {"modifier.std_dev", [](RpuConfig& c) { c.modifier.std_dev = INFINITY; }},
      {"modifier.res",
       [](RpuConfig& c) { c.modifier.quantization_type = WeightQuantization::kDiscretize; }},
      {"clip.sigma", [](RpuConfig& c) { c.clip.type = WeightClip::kLayerGaussian; }},
  };
  for (const Bad& bad : cases) {
    RpuConfig config;
    bad.change(config);
    try {
      validate(config);
      FAIL() << bad.field << " was not refused";
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find(bad.field), std::string::npos) << error.what();
    }
  }
}

TEST(RpuConfig, ResolutionsAreLevelsOrSteps) {
  EXPECT_EQ(level_intervals(254), 254);
  EXPECT_DOUBLE_EQ(level_intervals(1.0 / 254), 254);
  EXPECT_FALSE(is_quantized(-1));
  EXPECT_FALSE(is_quantized(0));
  EXPECT_TRUE(is_quantized(0.004));
}

TEST(RpuConfig, NamesIgnoreCaseAndUnderscores) {
  WeightNoise noise{};
  parse("AddNormalPerChannel", noise);
  EXPECT_EQ(to_string(noise), "ADD_NORMAL_PER_CHANNEL");
  WeightQuantization quantization{};
  parse("discretize_per_channel", quantization);
  EXPECT_EQ(quantization, WeightQuantization::kDiscretizePerChannel);
  WeightClip clip{};
  parse("LAYER_GAUSSIAN", clip);
  EXPECT_EQ(to_string(clip), "LAYER_GAUSSIAN");
  EXPECT_THROW(parse("gauss", clip), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::analog
