#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "base/error.h"
#include "graph/attributes.h"
#include "support/onnx_builder.h"
#include "support/quantized_model.h"

// Every operator of the table, with attributes drawn at random, between codes: what ONNX Runtime
// makes of the exported model with all its optimizations against the same model as it is written,
// in float between the same codes. Either the two agree, or the table must have kept the operator
// in float, so that they agree again.
//
//   x -> MatMul by one -> operator -> Reshape -> MatMul by one -> y          any rank
//   x -> Conv by one   -> operator -> Conv by one -> y                      pictures, channels last
//
// A product by one keeps codes as they are, so that a code that is off shows as a step in y.

namespace rangefinder::exporters {
namespace {

using test_support::OnnxBuilder;

/// The same numbers everywhere: distributions of the standard library are not.
class Draw {
 public:
  explicit Draw(unsigned seed) : generator_(seed) {}
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(generator_() % static_cast<uint64_t>(high - low + 1));
  }
  bool chance(int percent) { return between(1, 100) <= percent; }
  template <typename T>
  T of(const std::vector<T>& values) {
    return values[static_cast<size_t>(between(0, static_cast<int64_t>(values.size()) - 1))];
  }
  std::vector<int64_t> list(int64_t count, int64_t low, int64_t high) {
    std::vector<int64_t> values;
    for (int64_t i = 0; i < count; ++i) values.push_back(between(low, high));
    return values;
  }

 private:
  std::mt19937 generator_;
};

/// A model around one node.
struct Trial {
  explicit Trial(int64_t opset) : builder(opset) {}

  /// A tensor of codes: an input times one.
  std::string source(const std::vector<int64_t>& shape) {
    const std::string name = "x" + std::to_string(source_count++);
    builder.input(name, shape);
    if (as_picture) return product_by_one(name, name + "_codes", shape[1], shape.size());
    const std::string one = unit(name, shape.back(), 0);
    builder.node("MatMul", {name, one}, {name + "_codes"});
    return name + "_codes";
  }

  OnnxBuilder::Node operate(const std::string& type, const std::vector<std::string>& inputs) {
    op_type = type;
    return builder.node(type, inputs, {"result"});
  }

  /// Somebody who wants codes. `channels`: of the result, if it is a picture.
  void finish(int64_t channels = 0, size_t rank = 4) {
    if (channels > 0 && as_picture) {
      product_by_one("result", "y", channels, rank);
      builder.output("y", std::vector<int64_t>(rank, -1));
      return;
    }
    builder.initializer("column", {2}, std::vector<int64_t>{-1, 1});
    builder.node("Reshape", {"result", "column"}, {"flat"});
    builder.node("MatMul", {"flat", unit("flat", 1, 0)}, {"y"});
    builder.output("y", {-1, 1});
  }

  std::string unit(const std::string& name, int64_t size, size_t spatial) {
    std::vector<float> values(static_cast<size_t>(size * size));
    for (int64_t i = 0; i < size; ++i) values[static_cast<size_t>(i * size + i)] = 1;
    std::vector<int64_t> shape = {size, size};
    shape.resize(2 + spatial, 1);
    builder.initializer(name + "_one", shape, values);
    return name + "_one";
  }

  std::string product_by_one(const std::string& from, const std::string& to, int64_t channels,
                             size_t rank) {
    builder.node("Conv", {from, unit(to, channels, rank - 2)}, {to});
    return to;
  }

  OnnxBuilder builder;
  std::string op_type = {};
  bool as_picture = false;
  int source_count = 0;
};

void text(OnnxBuilder::Node& node, const std::string& name, const std::string& value) {
  graph::set_attribute(node.proto(), name, std::string_view(value));
}

/// Strides, pads and the like of Conv and pools, in all their spellings.
void draw_window(Draw& draw, OnnxBuilder::Node& node, int64_t spatial,
                 const std::vector<int64_t>& kernel) {
  const auto padding =
      draw.of<std::string>({"", "", "NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"});
  if (!padding.empty()) text(node, "auto_pad", padding);
  if ((padding.empty() || padding == "NOTSET") && draw.chance(60)) {
    std::vector<int64_t> pads;
    for (int64_t i = 0; i < 2 * spatial; ++i) {
      pads.push_back(draw.between(0, kernel[static_cast<size_t>(i % spatial)] - 1));
    }
    node.ints("pads", pads);
  }
  if (draw.chance(60)) node.ints("strides", draw.list(spatial, 1, 3));
}

void draw_pool(Draw& draw, Trial& trial, const std::string& type) {
  const int64_t spatial = draw.of<int64_t>({1, 2, 2, 2, 3});
  const int64_t channels = draw.between(1, 5);
  std::vector<int64_t> shape = {2, channels};
  for (int64_t i = 0; i < spatial; ++i) shape.push_back(draw.between(5, 8));
  const std::vector<int64_t> kernel = draw.list(spatial, 1, 3);
  auto node = trial.operate(type, {trial.source(shape)}).ints("kernel_shape", kernel);
  draw_window(draw, node, spatial, kernel);
  if (draw.chance(60)) node.integer("ceil_mode", draw.between(0, 1));
  if (type == "AveragePool") {
    if (draw.chance(60)) node.integer("count_include_pad", draw.between(0, 1));
    if (trial.builder.model().opset_import(0).version() >= 19 && draw.chance(40)) {
      node.ints("dilations", draw.list(spatial, 1, draw.between(1, 2)));
    }
  } else {
    if (draw.chance(30)) node.ints("dilations", draw.list(spatial, 1, 2));
    if (draw.chance(20)) node.integer("storage_order", draw.between(0, 1));
  }
  trial.finish(channels, shape.size());
}

void draw_global_pool(Draw& draw, Trial& trial) {
  const int64_t spatial = draw.between(1, 3);
  const int64_t channels = draw.between(1, 5);
  std::vector<int64_t> shape = {2, channels};
  for (int64_t i = 0; i < spatial; ++i) shape.push_back(draw.between(1, 6));
  trial.operate("GlobalAveragePool", {trial.source(shape)});
  trial.finish(channels, shape.size());
}

void draw_conv(Draw& draw, Trial& trial) {
  const int64_t spatial = draw.of<int64_t>({1, 2, 2, 2, 3});
  const int64_t groups = draw.of<int64_t>({1, 1, 2, 4});
  const int64_t in = groups * draw.between(1, 3);
  const int64_t out = groups * draw.between(1, 3);
  std::vector<int64_t> shape = {2, in};
  for (int64_t i = 0; i < spatial; ++i) shape.push_back(draw.between(5, 8));
  const std::vector<int64_t> kernel = draw.list(spatial, 1, 3);
  std::vector<int64_t> weight = {out, in / groups};
  weight.insert(weight.end(), kernel.begin(), kernel.end());
  trial.builder.weights("w", weight, 0.3f);
  std::vector<std::string> inputs = {trial.source(shape), "w"};
  if (draw.chance(50)) {
    trial.builder.weights("b", {out}, 0.3f);
    inputs.push_back("b");
  }
  auto node = trial.operate("Conv", inputs);
  if (draw.chance(50)) node.ints("kernel_shape", kernel);
  draw_window(draw, node, spatial, kernel);
  if (draw.chance(30)) node.ints("dilations", draw.list(spatial, 1, 2));
  if (groups > 1 || draw.chance(30)) node.integer("group", groups);
  trial.finish(out, shape.size());
}

void draw_gemm(Draw& draw, Trial& trial) {
  const int64_t rows = draw.between(1, 6);
  const int64_t in = draw.between(1, 6);
  const int64_t out = draw.between(1, 6);
  const int64_t first = draw.chance(20);
  const int64_t second = draw.chance(50);
  trial.builder.weights("w", second ? std::vector{out, in} : std::vector{in, out}, 0.5f);
  std::vector<std::string> inputs = {
      trial.source(first ? std::vector{in, rows} : std::vector{rows, in}), "w"};
  if (draw.chance(80)) {
    trial.builder.weights(
        "b",
        draw.of<std::vector<int64_t>>({{out}, {out}, {1, out}, {1}, {}, {rows, out}, {rows, 1}}),
        0.5f);
    inputs.push_back("b");
  }
  auto node = trial.operate("Gemm", inputs);
  if (first) node.integer("transA", 1);
  if (second || draw.chance(50)) node.integer("transB", second);
  if (draw.chance(40)) node.real("alpha", draw.of<float>({-1, 0.5f, 1, 2}));
  if (draw.chance(40)) node.real("beta", draw.of<float>({-1, 0, 0.5f, 1, 2}));
  trial.finish();
}

void draw_matmul(Draw& draw, Trial& trial) {
  using Shapes = std::vector<std::vector<int64_t>>;
  const int64_t in = draw.between(1, 6);
  const int64_t out = draw.between(1, 6);
  const auto left = draw.of(Shapes{{3, in}, {2, 3, in}, {2, 1, 3, in}, {in}, {1, 3, in}});
  const auto right = draw.of(Shapes{{in, out}, {in, out}, {in}, {2, in, out}, {2, 2, in, out}});
  const std::string first = trial.source(left);
  std::string second = "w";
  if (draw.chance(50)) {
    trial.builder.weights("w", right, 0.5f);
  } else {
    second = trial.source(right);
  }
  trial.operate("MatMul", {first, second});
  trial.finish();
}

void draw_arithmetic(Draw& draw, Trial& trial, const std::string& type) {
  std::vector<int64_t> shape = draw.list(draw.between(1, 4), 1, 5);
  if (trial.as_picture) shape = draw.list(4, 2, 4);
  const std::string first = trial.source(shape);
  std::vector<std::string> inputs = {first, first};
  if (draw.chance(30)) {
    const auto value =
        draw.of<float>({0.3f, -0.3f, 0.0f, -0.0f, 7, 1e30f, -1e30f, 1e-40f, -1e-38f});
    trial.builder.initializer("k", draw.of<std::vector<int64_t>>({{}, {1}, {1, 1}}),
                              std::vector<float>{value});
    inputs[1] = "k";
  } else if (draw.chance(70)) {
    std::vector<int64_t> other = shape;
    const auto kept = static_cast<size_t>(trial.as_picture ? 1 : -1);
    for (size_t i = 0; i < other.size(); ++i) {
      if (i != kept && draw.chance(30)) other[i] = 1;
    }
    if (!trial.as_picture && draw.chance(30)) other.insert(other.begin(), 2);
    inputs[1] = trial.source(other);
  }
  if (draw.chance(50)) std::swap(inputs[0], inputs[1]);
  trial.operate(type, inputs);
  trial.finish(shape.size() > 1 ? shape[1] : 0, shape.size());
}

void draw_concat(Draw& draw, Trial& trial) {
  std::vector<int64_t> shape = draw.list(trial.as_picture ? 4 : draw.between(1, 4), 1, 4);
  const auto rank = static_cast<int64_t>(shape.size());
  const int64_t axis = draw.between(-rank, rank - 1);
  const auto place = static_cast<size_t>((axis + rank) % rank);
  std::vector<std::string> inputs;
  int64_t length = 0;
  for (int64_t i = draw.between(1, 3); i > 0; --i) {
    std::vector<int64_t> part = shape;
    part[place] = draw.between(1, 4);
    inputs.push_back(trial.source(part));
    length += part[place];
    if (i == 1 && draw.chance(30)) {
      inputs.push_back(inputs.back());
      length += part[place];
    }
  }
  shape[place] = length;
  trial.operate("Concat", inputs).integer("axis", axis);
  trial.finish(rank > 1 ? shape[1] : 0, shape.size());
}

void draw_unary(Draw& draw, Trial& trial, const std::string& type) {
  const auto shape = draw.list(trial.as_picture ? 4 : draw.between(1, 4), 1, 5);
  auto node = trial.operate(type, {trial.source(shape)});
  if (type == "LeakyRelu" && draw.chance(80)) {
    node.real("alpha", draw.of<float>({-1, -0.5f, 0, 0.1f, 1, 2, 50}));
  }
  if (type == "HardSigmoid") {
    if (draw.chance(80)) {
      node.real("alpha", draw.of<float>({-0.2f, 0, 1e-40f, 0.01f, 1.0f / 6, 1, 5, 1e9f, 1e38f}));
    }
    if (draw.chance(80)) {
      node.real("beta", draw.of<float>({-1e30f, -40, -0.5f, -0.0f, 1e-40f, 0.5f, 1, 100, 1e30f}));
    }
  }
  if (type == "Softmax") node.integer("axis", draw.chance(50) ? -1 : 0);
  trial.finish(shape.size() > 1 ? shape[1] : 0, shape.size());
}

void draw_div(Draw& draw, Trial& trial) {
  const auto shape = draw.list(draw.between(1, 4), 1, 5);
  const auto value = draw.of<float>({0.3f, -0.3f, 7, 1e30f, 1e-40f, 1e-38f, -0.0f});
  trial.builder.initializer("k", draw.of<std::vector<int64_t>>({{}, {1}, {1, 1}}),
                            std::vector<float>{value});
  trial.operate("Div", {trial.source(shape), "k"});
  trial.finish();
}

void int64s(Trial& trial, const std::string& name, const std::vector<int64_t>& values) {
  trial.builder.initializer(name, {static_cast<int64_t>(values.size())}, values);
}

void draw_slice(Draw& draw, Trial& trial, const std::vector<int64_t>& shape) {
  const auto rank = static_cast<int64_t>(shape.size());
  const int64_t step = draw.of<int64_t>({1, 2, -1, -2});
  int64s(trial, "starts", {step > 0 ? draw.of<int64_t>({0, 1, -2}) : draw.of<int64_t>({100, -1})});
  int64s(trial, "ends", {step > 0 ? draw.of<int64_t>({100, 3}) : draw.of<int64_t>({-100, 0})});
  int64s(trial, "axes", {draw.between(-rank, rank - 1)});
  int64s(trial, "steps", {step});
  trial.operate("Slice", {trial.source(shape), "starts", "ends", "axes", "steps"});
}

void draw_mover(Draw& draw, Trial& trial, const std::string& type) {
  auto shape = draw.list(draw.between(1, 5), 1, 5);
  const auto rank = static_cast<int64_t>(shape.size());
  if (type == "Slice") {
    draw_slice(draw, trial, shape);
  } else if (type == "Transpose") {
    auto node = trial.operate(type, {trial.source(shape)});
    std::vector<int64_t> order;
    for (int64_t i = 0; i < rank; ++i) order.insert(order.begin() + draw.between(0, i), i);
    if (draw.chance(80)) node.ints("perm", order);
  } else if (type == "Flatten") {
    auto node = trial.operate(type, {trial.source(shape)});
    if (draw.chance(80)) node.integer("axis", draw.between(-rank, rank));
  } else if (type == "Squeeze") {
    shape[0] = 1;
    int64s(trial, "axes", {draw.of<int64_t>({0, -rank})});
    const std::string from = trial.source(shape);
    trial.operate(type,
                  draw.chance(70) ? std::vector{from, std::string("axes")} : std::vector{from});
  } else if (type == "Unsqueeze") {
    int64s(trial, "axes", draw.of<std::vector<int64_t>>({{0}, {-1}, {0, 1}, {0, -1}}));
    trial.operate(type, {trial.source(shape), "axes"});
  } else if (type == "Gather") {
    const int64_t axis = draw.between(-rank, rank - 1);
    const int64_t length = shape[static_cast<size_t>((axis + rank) % rank)];
    const auto places = draw.of<std::vector<int64_t>>({{}, {1}, {3}, {2, 2}});
    const size_t count =
        places.empty() ? 1 : static_cast<size_t>(places.size() == 2 ? 4 : places[0]);
    trial.builder.initializer("places", places,
                              draw.list(static_cast<int64_t>(count), -length, length - 1));
    trial.operate(type, {trial.source(shape), "places"}).integer("axis", axis);
  } else {
    int64s(trial, "to", draw.of<std::vector<int64_t>>({{-1}, {1, -1}, {0, -1}, {-1, 1, 1}}));
    auto node = trial.operate(type, {trial.source(shape), "to"});
    if (draw.chance(30)) node.integer("allowzero", 0);
  }
  trial.finish();
}

void draw_depth_to_space(Draw& draw, Trial& trial) {
  const int64_t block = draw.between(1, 3);
  const int64_t channels = draw.between(1, 2);
  auto node = trial.operate("DepthToSpace", {trial.source({2, channels * block * block, 3, 4})})
                  .integer("blocksize", block);
  if (draw.chance(60)) text(node, "mode", draw.of<std::string>({"DCR", "CRD"}));
  trial.finish(channels);
}

/// Scales, sizes and roi of the axes that a Resize names, or of all.
std::vector<std::string> draw_target(Draw& draw, Trial& trial, const std::vector<int64_t>& shape,
                                     const std::vector<int64_t>& axes, bool crops) {
  std::vector<float> scales;
  std::vector<int64_t> sizes;
  for (const int64_t axis : axes) {
    const bool is_space = axis >= 2;
    scales.push_back(is_space ? draw.of<float>({1, 2, 0.5f, 1.5f, 3, 0.7f}) : 1.0f);
    const auto length = static_cast<float>(shape[static_cast<size_t>(axis)]);
    sizes.push_back(std::max<int64_t>(1, static_cast<int64_t>(length * scales.back())));
  }
  const auto count = static_cast<int64_t>(axes.size());
  std::vector<float> roi(axes.size(), draw.of<float>({0, 0.1f, -0.2f}));
  roi.insert(roi.end(), axes.size(), draw.of<float>({1, 0.8f, 1.2f}));
  trial.builder.initializer("roi", {2 * count}, roi);
  trial.builder.initializer("scales", {count}, scales);
  trial.builder.initializer("sizes", {count}, sizes);
  const std::string window = crops ? "roi" : "";
  if (draw.chance(50)) return {window, "scales"};
  return {window, "", "sizes"};
}

void draw_resize(Draw& draw, Trial& trial) {
  const bool is_18 = trial.builder.model().opset_import(0).version() >= 18;
  const auto shape = draw.list(4, 2, 6);
  std::vector<int64_t> axes = {0, 1, 2, 3};
  const bool names_axes = is_18 && draw.chance(60);
  if (names_axes) axes = draw.of<std::vector<int64_t>>({{2, 3}, {3, 2}, {3}, {1, 2}, {3, 2, 1, 0}});
  const auto coordinates = draw.of<std::string>(
      {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_crop_and_resize"});
  std::vector<std::string> inputs = {trial.source(shape)};
  const auto target = draw_target(draw, trial, shape, axes, coordinates == "tf_crop_and_resize");
  inputs.insert(inputs.end(), target.begin(), target.end());
  auto node = trial.operate("Resize", inputs);
  const auto mode = draw.of<std::string>({"nearest", "nearest", "linear", "cubic"});
  text(node, "mode", mode);
  text(node, "coordinate_transformation_mode", coordinates);
  if (draw.chance(60)) {
    text(node, "nearest_mode",
         draw.of<std::string>({"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"}));
  }
  if (draw.chance(30)) node.real("extrapolation_value", 1.5f);
  if (names_axes) {
    std::vector<int64_t> written = axes;
    if (draw.chance(50)) {
      for (int64_t& axis : written) axis -= 4;
    }
    node.ints("axes", written);
  }
  if (is_18 && target.size() == 3 && draw.chance(40)) {
    text(node, "keep_aspect_ratio_policy",
         draw.of<std::string>({"stretch", "not_larger", "not_smaller"}));
  }
  const auto policy = graph::string_attribute(node.proto(), "keep_aspect_ratio_policy", "stretch");
  trial.finish(policy == "stretch" ? shape[1] : 0);
}

void draw_bound(Draw& draw, Trial& trial, const std::string& type) {
  const auto shape = draw.list(4, 2, 5);
  std::vector<std::string> inputs = {trial.source(shape)};
  if (type == "Clip") {
    const auto low = draw.of<float>({0, 0, -0.0f, -1, 0.5f, -INFINITY});
    const auto high = draw.of<float>({1, 6, 0.25f, 0, -1, 1e-40f, INFINITY});
    trial.builder.initializer("low", {}, std::vector<float>{low});
    trial.builder.initializer("high", {}, std::vector<float>{high});
    inputs.push_back(draw.chance(80) ? "low" : "");
    if (draw.chance(80)) inputs.push_back("high");
    if (inputs.back().empty()) inputs.pop_back();
  }
  trial.operate(type, inputs);
  trial.finish(shape[1]);
}

struct Drawer {
  std::string op_type;
  std::function<void(Draw&, Trial&)> draw;
  /// Steps of the result between the two ways to compute it; 0: the very codes.
  double tolerance;
};

std::vector<Drawer> drawers() {
  std::vector<Drawer> all = {{"Conv", draw_conv, 1},
                             {"Gemm", draw_gemm, 1},
                             {"MatMul", draw_matmul, 1},
                             {"Concat", draw_concat, 1},
                             {"GlobalAveragePool", draw_global_pool, 1},
                             {"Div", draw_div, 0},
                             {"DepthToSpace", draw_depth_to_space, 0},
                             {"Resize", draw_resize, 1}};
  for (const std::string type : {"AveragePool", "MaxPool"}) {
    all.push_back({type, [=](Draw& d, Trial& t) { draw_pool(d, t, type); },
                   type == "AveragePool" ? 1.0 : 0.0});
  }
  for (const std::string type : {"Add", "Mul"}) {
    all.push_back({type, [=](Draw& d, Trial& t) { draw_arithmetic(d, t, type); }, 1});
  }
  for (const std::string type : {"Sigmoid", "LeakyRelu", "HardSigmoid", "Softmax"}) {
    all.push_back({type, [=](Draw& d, Trial& t) { draw_unary(d, t, type); }, 1});
  }
  for (const std::string type :
       {"Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Slice", "Gather"}) {
    all.push_back({type, [=](Draw& d, Trial& t) { draw_mover(d, t, type); }, 0});
  }
  for (const std::string type : {"Relu", "Clip"}) {
    all.push_back({type, [=](Draw& d, Trial& t) { draw_bound(d, t, type); }, 1});
  }
  return all;
}

bool is_picture_operator(const std::string& type) {
  static const std::set<std::string> kTypes = {
      "Conv", "AveragePool", "MaxPool",    "GlobalAveragePool", "Resize",    "DepthToSpace",
      "Add",  "Mul",         "Concat",     "Sigmoid",           "LeakyRelu", "Relu",
      "Clip", "Softmax",     "HardSigmoid"};
  return kTypes.contains(type);
}

/// False if ONNX Runtime takes no such float model, or it gives nothing to compare.
bool is_valid(const onnx::ModelProto& model, const tensor::NamedTensors& sample) {
  try {
    const auto values = test_support::run(model, sample);
    const auto floats = values.at("y").floats();
    return !floats.empty() &&
           std::all_of(floats.begin(), floats.end(), [](float x) { return std::isfinite(x); });
  } catch (const Error&) {
    return false;
  }
}

std::string describe(const onnx::ModelProto& model) {
  std::string text;
  for (const auto& node : model.graph().node()) {
    if (node.output(0) == "result") text = node.ShortDebugString();
  }
  return text.substr(0, 2000);
}

/// Of the last tensor of codes before y: the node's own result, or, if it stayed float or was
/// optimized away, what stands behind or before it.
double last_step(const test_support::QuantizedModel& quantized) {
  for (const std::string name : {"result", "flat", "x0_codes", "y"}) {
    if (quantized.annotation.find(name)) return quantized.scale_of(name);
  }
  return quantized.scale_of("x0");
}

class Kernels : public testing::TestWithParam<Drawer> {};

TEST_P(Kernels, ComputeWhatTheFloatOperatorDoes) {
  constexpr unsigned kTrials = 40;
  const Drawer& drawer = GetParam();
  unsigned valid_count = 0;
  for (unsigned seed = 0; seed < kTrials; ++seed) {
    Draw draw(seed * 7919 + 1);
    Trial trial(draw.of<int64_t>({13, 13, 18, 19}));
    trial.as_picture = is_picture_operator(drawer.op_type) && seed % 2 == 0;
    drawer.draw(draw, trial);
    const onnx::ModelProto& model = trial.builder.model();
    tensor::NamedTensors sample;
    try {
      sample = test_support::random_sample(model, seed);
    } catch (const Error&) {
      continue;
    }
    if (!is_valid(model, sample)) continue;
    ++valid_count;
    const auto quantized = test_support::quantize(model, {sample});
    const auto simulated = test_support::run(quantized.model, sample);
    const auto integer =
        test_support::run(quantized.model, sample, engine::OptimizationLevel::kAll);
    const double step = last_step(quantized);
    ASSERT_EQ(simulated.at("y").shape(), integer.at("y").shape()) << describe(model);
    EXPECT_LE(test_support::largest_difference(simulated.at("y"), integer.at("y")),
              (drawer.tolerance + 0.01) * step)
        << describe(model);
  }
  EXPECT_GE(valid_count, kTrials / 3) << "of " << kTrials << " drawn nodes are no nodes at all";
}

INSTANTIATE_TEST_SUITE_P(Operators, Kernels, testing::ValuesIn(drawers()),
                         [](const auto& drawn) { return drawn.param.op_type; });

/// The drawers above stand for the table: an operator that enters it is tried, too.
TEST(KernelTable, HasADrawerForEveryOperator) {
  std::set<std::string> drawn;
  for (const Drawer& drawer : drawers()) drawn.insert(drawer.op_type);
  for (const auto& target : targets::all_targets()) {
    if (target.placement != targets::Placement::kBetweenKernels) continue;
    for (const auto& rule : target.rules) {
      EXPECT_TRUE(drawn.contains(std::string(rule.op_type))) << rule.op_type;
    }
  }
}

}  // namespace
}  // namespace rangefinder::exporters
