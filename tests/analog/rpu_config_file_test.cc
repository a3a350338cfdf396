#include "analog/rpu_config_file.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <stdexcept>

#include "base/error.h"
#include "base/file.h"

namespace rangefinder::analog {
namespace {

constexpr char kFull[] = R"({
  "forward": {"inp_res": 254, "out_bound": 12, "out_res": 254},
  "pre_post": {"input_range": {"init_std_alpha": 18.0, "learn_input_range": false, "decay": 0.01}},
  "mapping": {"max_input_size": 512},
  "modifier": {"quantization_type": "DISCRETIZE_PER_CHANNEL", "res": 254},
  "layers": [
    {"match": "conv*", "forward": {"inp_res": 62}},
    {"match": "conv2", "forward": {"out_bound": 0, "out_res": -1}}
  ],
  "exclude": ["head", "block?.fc"]
})";

TEST(NetworkConfig, ReadsTheReferencesNames) {
  const NetworkConfig config = parse_network_config(kFull);
  EXPECT_EQ(config.base.forward.inp_res, 254);
  EXPECT_EQ(config.base.forward.out_bound, 12);
  EXPECT_EQ(config.base.pre_post.input_range.init_std_alpha, 18.0);
  EXPECT_EQ(config.base.mapping.max_input_size, 512);
  EXPECT_EQ(config.base.modifier.quantization_type, WeightQuantization::kDiscretizePerChannel);
  EXPECT_EQ(parse_network_config("{}").base, RpuConfig{});
}

TEST(NetworkConfig, LaterOverridesWin) {
  const NetworkConfig config = parse_network_config(kFull);
  EXPECT_EQ(config.layer("fc").forward.inp_res, 254);
  EXPECT_EQ(config.layer("conv1").forward.inp_res, 62);
  EXPECT_EQ(config.layer("conv1").forward.out_bound, 12);
  EXPECT_EQ(config.layer("conv2").forward.inp_res, 62);
  EXPECT_EQ(config.layer("conv2").forward.out_bound, 0);
}

TEST(NetworkConfig, ExcludesByPattern) {
  const NetworkConfig config = parse_network_config(kFull);
  EXPECT_TRUE(config.excludes("head"));
  EXPECT_TRUE(config.excludes("block1.fc"));
  EXPECT_FALSE(config.excludes("block12.fc"));
  EXPECT_FALSE(config.excludes("head2"));
}

TEST(NetworkConfig, RoundTrips) {
  const NetworkConfig config = parse_network_config(kFull);
  EXPECT_EQ(parse_network_config(to_json(config)), config);
}

TEST(NetworkConfig, RefusesWhatItDoesNotKnow) {
  for (const char* text :
       {"", "[]", "{", R"({"forward": {"inp_bound": 1}})", R"({"forward": {"inp_res": "254"}})",
        R"({"forward": {"inp_res": -3}})", R"({"forward": {"out_res": 254}})", R"({"forward": 3})",
        R"({"mapping": {"max_input_size": 2.5}})", R"({"modifier": {"noise_type": "PINK"}})",
        R"({"pre_post": {"input_range": {"enable": 1}}})", R"({"exclude": "fc"})",
        R"({"exclude": [1]})", R"({"layers": [{"forward": {"inp_res": 2}}]})", R"({"layers": 1})",
        R"({"layers": [{"match": "x", "forward": {"inp_res": -2}}]})",
        R"({"layers": [{"match": "x", "forwards": {"inp_res": 2}}]})"}) {
    EXPECT_THROW(parse_network_config(text), std::invalid_argument) << text;
  }
}

TEST(NetworkConfig, ErrorsOfAFileNameIt) {
  const std::filesystem::path path = testing::TempDir() + "rpu_config_test.json";
  write_file(path, R"({"forward": {"out_res": 254}})");
  try {
    load_network_config(path);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.place().file, path.string());
    EXPECT_THAT(error.what(), testing::HasSubstr("forward.out_res"));
  }
  std::filesystem::remove(path);
}

TEST(Matches, StarsAndQuestionMarks) {
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("a*b*c", "a--b-b-c"));
  EXPECT_FALSE(matches("a*b*c", "a--b-b-cd"));
  EXPECT_TRUE(matches("a?c", "abc"));
  EXPECT_FALSE(matches("a?c", "ac"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("", "a"));
  // Exponential for a matcher that tries every star anew.
  EXPECT_FALSE(matches("*a*a*a*a*a*a*a*a*a*b", std::string(300, 'a')));
}

}  // namespace
}  // namespace rangefinder::analog
