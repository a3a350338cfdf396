#include "passes/resize_axes.h"

#include <gtest/gtest.h>

#include "graph/attributes.h"
#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::passes {
namespace {

using test_support::OnnxBuilder;

struct Case {
  std::vector<int64_t> axes;
  std::string policy = "";
  bool constant = true;
  bool known_shape = true;
  bool crops = false;
};

void text(OnnxBuilder::Node& node, std::string_view name, std::string_view value) {
  graph::set_attribute(node.proto(), name, value);
}

/// x -> Resize -> y with scales or sizes of those axes.
OnnxBuilder resize_model(const Case& c, bool with_sizes) {
  OnnxBuilder b(18);
  b.input("x", {c.known_shape ? 2 : -1, 3, 5, 7});
  const auto count = static_cast<int64_t>(c.axes.size());
  std::vector<std::string> inputs = {"x", "", with_sizes ? "" : "target"};
  if (with_sizes) inputs.emplace_back("target");
  std::vector<int64_t> sizes;
  std::vector<float> scales;
  for (int64_t i = 0; i < count; ++i) {
    sizes.push_back(4 + 7 * i);
    scales.push_back(i == 0 ? 2.0f : 1.5f);
  }
  if (!c.constant) {
    b.input("target", {count}, with_sizes ? onnx::TensorProto::INT64 : onnx::TensorProto::FLOAT);
  } else if (with_sizes) {
    b.initializer("target", {count}, sizes);
  } else {
    b.initializer("target", {count}, scales);
  }
  if (c.crops) {
    inputs[1] = "roi";
    std::vector<float> roi(c.axes.size(), 0.2f);
    roi.insert(roi.end(), c.axes.size(), 0.9f);
    b.initializer("roi", {2 * count}, roi);
  }
  auto node = b.node("Resize", inputs, {"y"}).ints("axes", c.axes);
  text(node, "mode", "linear");
  if (c.crops) text(node, "coordinate_transformation_mode", "tf_crop_and_resize");
  if (!c.policy.empty()) text(node, "keep_aspect_ratio_policy", c.policy);
  b.output("y", {-1, -1, -1, -1});
  return b;
}

/// True if the axes are gone; the values must stay in any case.
bool writes_all_axes(const Case& c, bool with_sizes) {
  OnnxBuilder b = resize_model(c, with_sizes);
  const onnx::ModelProto before = b.model();
  TensorInfos infos;
  infos["x"] = {tensor::ElementType::kFloat32, tensor::Shape{c.known_shape ? 2 : -1, 3, 5, 7}};
  write_all_axes(b.model(), infos);
  auto sample = test_support::random_sample(before, 1);
  if (!c.constant && !with_sizes) {
    for (float& scale : sample.at("target").floats()) scale = 2;
  }
  EXPECT_EQ(test_support::run(before, sample).at("y"),
            test_support::run(b.model(), sample).at("y"));
  for (const auto& node : b.graph().node()) {
    if (node.op_type() == "Resize") return !graph::find_attribute(node, "axes");
  }
  return false;
}

TEST(ResizeAxes, ScalesAndSizesOfSomeAxesInAnyOrder) {
  for (const auto& axes : std::vector<std::vector<int64_t>>{{2, 3}, {3, 2}, {-1}, {-1, -2}, {2}}) {
    for (const bool with_sizes : {false, true}) {
      for (const bool constant : {false, true}) {
        for (const bool known_shape : {false, true}) {
          const Case c{.axes = axes, .constant = constant, .known_shape = known_shape};
          EXPECT_TRUE(writes_all_axes(c, with_sizes))
              << tensor::to_string(axes) << with_sizes << constant << known_shape;
        }
      }
    }
  }
}

/// Sizes of 4 and 11 for dimensions of 5 and 7. Where a size is rounded up, no scale asks for it.
TEST(ResizeAxes, SizesThatKeepAnAspectRatio) {
  const auto written = [](const std::vector<int64_t>& axes, const std::string& policy) {
    const Case known{.axes = axes, .policy = policy};
    const Case partly_known{.axes = axes, .policy = policy, .known_shape = false};
    const bool is_written = writes_all_axes(known, true);
    EXPECT_EQ(writes_all_axes(partly_known, true), is_written);
    return is_written;
  };
  EXPECT_TRUE(written({3, 2}, "stretch"));
  EXPECT_TRUE(written({3, 2}, "not_smaller")) << "11 x 15.4";
  EXPECT_FALSE(written({3, 2}, "not_larger")) << "2.86 x 4";
  EXPECT_FALSE(written({2, 3}, "not_smaller")) << "7.86 x 11";
  EXPECT_FALSE(written({2, 3}, "not_larger")) << "4 x 5.6";
  for (const std::string policy : {"not_larger", "not_smaller", "stretch"}) {
    const Case computed{.axes = {2, 3}, .policy = policy, .constant = false};
    EXPECT_EQ(writes_all_axes(computed, true), policy == "stretch");
  }
}

TEST(ResizeAxes, PartsOfAPicture) {
  EXPECT_TRUE(writes_all_axes({.axes = {2, 3}, .crops = true}, true));
  EXPECT_TRUE(writes_all_axes({.axes = {3, 2}, .crops = true}, false));
}

/// ONNX Runtime permutes the sizes of two axes as if they were four.
TEST(ResizeAxes, BetweenIntegerConvolutions) {
  OnnxBuilder b(18);
  b.input("x", {1, 3, 6, 6});
  b.weights("w", {4, 3, 1, 1});
  b.weights("v", {2, 4, 1, 1});
  b.initializer("sizes", {2}, std::vector<int64_t>{12, 9});
  b.node("Conv", {"x", "w"}, {"c"});
  auto node = b.node("Resize", {"c", "", "", "sizes"}, {"r"}).ints("axes", {2, 3});
  text(node, "mode", "nearest");
  b.node("Conv", {"r", "v"}, {"y"});
  b.output("y", {1, 2, 12, 9});
  const auto sample = test_support::random_sample(b.model(), 1);
  const auto quantized = test_support::quantize(b.model(), {sample});
  EXPECT_EQ(quantized.annotation.find("r")->root, "c") << "the codes are moved";
  const auto real = test_support::run(b.model(), sample).at("y");
  const auto integer =
      test_support::run(quantized.model, sample, engine::OptimizationLevel::kAll).at("y");
  EXPECT_GE(test_support::sqnr_db(real, integer), 30);
}

}  // namespace
}  // namespace rangefinder::passes
