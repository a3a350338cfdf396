#include "analog/hardware/rpu_config_file.h"

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
  EXPECT_TRUE((NetworkConfig{{}, {}, {"layers[0]"}}).excludes("layers[0]"));
}

TEST(NetworkConfig, RoundTrips) {
  const NetworkConfig config = parse_network_config(kFull);
  EXPECT_EQ(parse_network_config(to_json(config)), config);
}

TEST(NetworkConfig, RefusesWhatItDoesNotKnow) {
  for (const char* text : {"",
                           "[]",
                           "{",
                           R"({"forward": {"inp_bound": 1}})",
                           R"({"forward": {"inp_res": "254"}})",
                           R"({"forward": {"inp_res": -3}})",
                           R"({"forward": {"out_res": 254}})",
                           R"({"forward": 3})",
                           R"({"mapping": {"max_input_size": 2.5}})",
                           R"({"modifier": {"noise_type": "PINK"}})",
                           R"({"pre_post": {"input_range": {"enable": 1}}})",
                           R"({"exclude": "fc"})",
                           R"({"exclude": [1]})",
                           R"({"layers": [{"forward": {"inp_res": 2}}]})",
                           R"({"layers": 1})",
                           R"({"layers": [{"match": "x", "forward": {"inp_res": -2}}]})",
                           R"({"layers": [{"match": "x", "forwards": {"inp_res": 2}}]})",
                           R"({"mapping": {"max_input_size": 18446744073709551615}})",
                           R"({"forward": {"inp_res": 254, "inp_res": 62}})",
                           R"({"forward": {"inp_res": 1e999}})"}) {
    EXPECT_THROW(parse_network_config(text), std::invalid_argument) << text;
  }
}

TEST(NetworkConfig, NestedDeeplyIsRefusedNotWalked) {
  std::string lists;
  std::string objects;
  for (int i = 0; i < 200000; ++i) {
    lists += "[";
    objects += R"({"a":)";
  }
  lists += std::string(200000, ']');
  objects += "1" + std::string(200000, '}');
  for (const std::string& text :
       {R"({"forward":{"inp_res":)" + lists + "}}", R"({"layers":)" + lists + "}",
        R"({"layers":[{"match":"x","forward":)" + lists + "}]}", R"({"exclude":)" + lists + "}",
        objects, lists}) {
    EXPECT_THROW(parse_network_config(text), std::invalid_argument);
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

}  // namespace
}  // namespace rangefinder::analog
