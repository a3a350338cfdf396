#include "exporters/qdq.h"

#include "graph/attributes.h"
#include "support/quantization_checks.h"

namespace rangefinder::exporters {
namespace {

using test_support::check_quantization;
using test_support::OnnxBuilder;
using testing::UnorderedElementsAre;

/// A 3x3 convolution with weights and bias of its own, named after its output.
OnnxBuilder::Node conv(OnnxBuilder& b, const std::string& x, const std::string& y, int64_t in,
                       int64_t out, int64_t groups = 1) {
  b.weights(y + "_w", {out, in / groups, 3, 3}, 0.5f);
  b.weights(y + "_b", {out}, 0.2f);
  return b.node("Conv", {x, y + "_w", y + "_b"}, {y})
      .ints("pads", {1, 1, 1, 1})
      .integer("group", groups);
}

void pointwise(OnnxBuilder& b, const std::string& x, const std::string& y, int64_t in,
               int64_t out) {
  b.weights(y + "_w", {out, in, 1, 1}, 0.5f);
  b.weights(y + "_b", {out}, 0.1f);
  b.node("Conv", {x, y + "_w", y + "_b"}, {y});
}

OnnxBuilder picture_model(int64_t channels = 3) {
  OnnxBuilder b;
  b.input("x", {-1, channels, 8, 8});
  return b;
}

TEST(Qdq, ConvThatIsAnOutput) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "y", 3, 8);
  b.output("y", {-1, 8, 8, 8});
  const auto quantized = check_quantization(b.model(), {{"QLinearConv", 1}, {"Conv", 0}}, 35);
  EXPECT_EQ(quantized.model.producer_name(), "rangefinder");
}

TEST(Qdq, ReluAndReLU6AreFused) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "c1", 3, 8);
  b.node("Relu", {"c1"}, {"r1"});
  conv(b, "r1", "c2", 8, 8);
  b.initializer("zero", {}, std::vector<float>{0});
  b.initializer("six", {}, std::vector<float>{6});
  b.node("Clip", {"c2", "zero", "six"}, {"r2"});
  conv(b, "r2", "y", 8, 4);
  b.output("y", {-1, 4, 8, 8});
  const auto quantized =
      check_quantization(b.model(), {{"QLinearConv", 3}, {"Relu", 0}, {"Clip", 0}});
  EXPECT_EQ(quantized.solved.at("r1").offset[0], 0);
  EXPECT_LE(quantized.scale_of("r2") * 255, 6.0);
}

TEST(Qdq, ClipFromBelowZeroStaysABoundOfItsOwn) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "c1", 3, 8);
  b.initializer("low", {}, std::vector<float>{-1});
  b.initializer("high", {}, std::vector<float>{1});
  b.node("Clip", {"c1", "low", "high"}, {"r1"});
  conv(b, "r1", "y", 8, 4);
  b.output("y", {-1, 4, 8, 8});
  check_quantization(b.model(), {{"QLinearConv", 2}, {"Clip", 1}});
}

TEST(Qdq, ReluAlsoReadInFloat) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "c1", 3, 8);
  b.node("Relu", {"c1"}, {"r1"});
  conv(b, "r1", "y", 8, 4);
  b.node("Exp", {"r1"}, {"z"});
  b.output("y", {-1, 4, 8, 8});
  b.output("z", {-1, 8, 8, 8});
  check_quantization(b.model(), {{"QLinearConv", 2}}, 20);
}

TEST(Qdq, ConvReadByReluAndByOthers) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "c1", 3, 8);
  b.node("Relu", {"c1"}, {"r1"});
  conv(b, "r1", "c2", 8, 8);
  b.node("Add", {"c1", "c2"}, {"sum"});
  conv(b, "sum", "y", 8, 4);
  b.output("y", {-1, 4, 8, 8});
  check_quantization(b.model(), {{"QLinearConv", 3}, {"QLinearAdd", 1}});
}

TEST(Qdq, ResidualBlock) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "c0", 3, 8);
  b.node("Relu", {"c0"}, {"r0"});
  conv(b, "r0", "c1", 8, 8);
  b.node("Relu", {"c1"}, {"r1"});
  conv(b, "r1", "c2", 8, 8);
  b.node("Add", {"c2", "r0"}, {"sum"});
  b.node("Relu", {"sum"}, {"r2"});
  b.node("GlobalAveragePool", {"r2"}, {"pool"});
  b.node("Flatten", {"pool"}, {"flat"});
  b.weights("fc_w", {10, 8}, 0.5f);
  b.weights("fc_b", {10}, 0.2f);
  b.node("Gemm", {"flat", "fc_w", "fc_b"}, {"y"}).integer("transB", 1);
  b.output("y", {-1, 10});
  check_quantization(b.model(), {{"QLinearConv", 3},
                                 {"QLinearAdd", 1},
                                 {"QLinearGlobalAveragePool", 1},
                                 {"QGemm", 1},
                                 {"Relu", 0},
                                 {"DequantizeLinear", 0}});
}

TEST(Qdq, SqueezeAndExcite) {
  for (const std::string gate : {"Sigmoid", "HardSigmoid"}) {
    OnnxBuilder b = picture_model();
    conv(b, "x", "c0", 3, 8);
    b.node("Relu", {"c0"}, {"r0"});
    b.node("GlobalAveragePool", {"r0"}, {"pool"});
    pointwise(b, "pool", "s1", 8, 4);
    b.node("Relu", {"s1"}, {"sr"});
    pointwise(b, "sr", "s2", 4, 8);
    b.node(gate, {"s2"}, {"gate"});
    b.node("Mul", {"r0", "gate"}, {"excited"});
    pointwise(b, "excited", "y", 8, 4);
    b.output("y", {-1, 4, 8, 8});
    check_quantization(b.model(), {{"QLinearConv", 4},
                                   {"QLinearMul", 1},
                                   {"QLinearSigmoid", gate == "Sigmoid"},
                                   {"QLinearAdd", gate != "Sigmoid"},
                                   {"HardSigmoid", 0}});
  }
}

TEST(Qdq, HardSwishAsPrimitives) {
  OnnxBuilder b = picture_model();
  b.initializer("three", {}, std::vector<float>{3});
  b.initializer("zero", {}, std::vector<float>{0});
  b.initializer("six", {}, std::vector<float>{6});
  conv(b, "x", "c0", 3, 8);
  b.node("Add", {"c0", "three"}, {"plus"});
  b.node("Clip", {"plus", "zero", "six"}, {"clip"});
  b.node("Mul", {"c0", "clip"}, {"product"});
  b.node("Div", {"product", "six"}, {"swish"});
  conv(b, "swish", "y", 8, 4);
  b.output("y", {-1, 4, 8, 8});
  check_quantization(b.model(),
                     {{"QLinearConv", 2}, {"QLinearAdd", 1}, {"QLinearMul", 1}, {"Clip", 0}});
}

TEST(Qdq, LeakyReluInCodesPReluInFloat) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "c0", 3, 8);
  b.node("LeakyRelu", {"c0"}, {"l0"}).real("alpha", 0.1f);
  conv(b, "l0", "c1", 8, 8);
  b.weights("slope", {8, 1, 1}, 0.2f);
  b.node("PRelu", {"c1", "slope"}, {"l1"});
  conv(b, "l1", "y", 8, 4);
  b.output("y", {-1, 4, 8, 8});
  check_quantization(b.model(), {{"QLinearConv", 3}, {"QLinearLeakyRelu", 1}, {"PRelu", 1}});
}

TEST(Qdq, AttentionFromPrimitives) {
  OnnxBuilder b;
  b.input("x", {-1, 6, 16});
  b.initializer("shape", {4}, std::vector<int64_t>{0, 0, 4, 4});
  b.initializer("joined", {3}, std::vector<int64_t>{0, 0, 16});
  b.initializer("two", {}, std::vector<float>{2});
  for (const std::string part : {"q", "k", "v"}) {
    b.weights(part + "_w", {16, 16}, 0.4f);
    b.weights(part + "_b", {16}, 0.2f);
    b.node("MatMul", {"x", part + "_w"}, {part + "_mm"});
    b.node("Add", {part + "_mm", part + "_b"}, {part + "_sum"});
    b.node("Reshape", {part + "_sum", "shape"}, {part + "_heads"});
    b.node("Transpose", {part + "_heads"}, {part})
        .ints("perm",
              part == "k" ? std::vector<int64_t>{0, 2, 3, 1} : std::vector<int64_t>{0, 2, 1, 3});
  }
  b.node("MatMul", {"q", "k"}, {"scores"});
  b.node("Div", {"scores", "two"}, {"scaled"});
  b.node("Softmax", {"scaled"}, {"attention"}).integer("axis", -1);
  b.node("MatMul", {"attention", "v"}, {"context"});
  b.node("Transpose", {"context"}, {"back"}).ints("perm", {0, 2, 1, 3});
  b.node("Reshape", {"back", "joined"}, {"flat"});
  b.weights("o_w", {16, 16}, 0.4f);
  b.node("MatMul", {"flat", "o_w"}, {"y"});
  b.output("y", {-1, 6, 16});
  check_quantization(b.model(), {{"MatMul", 0}, {"FusedMatMul", 0}}, 20);
}

TEST(Qdq, MoversShareTheirInputsParameters) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "c0", 3, 8);
  b.node("MaxPool", {"c0"}, {"pool"}).ints("kernel_shape", {2, 2}).ints("strides", {2, 2});
  b.initializer("starts", {1}, std::vector<int64_t>{1});
  b.initializer("ends", {1}, std::vector<int64_t>{4});
  b.initializer("axes", {1}, std::vector<int64_t>{2});
  b.node("Slice", {"pool", "starts", "ends", "axes"}, {"slice"});
  b.node("Transpose", {"slice"}, {"turned"}).ints("perm", {0, 2, 3, 1});
  b.initializer("shape", {3}, std::vector<int64_t>{0, 12, 8});
  b.node("Reshape", {"turned", "shape"}, {"rows"});
  b.initializer("which", {2}, std::vector<int64_t>{3, 0});
  b.node("Gather", {"rows", "which"}, {"chosen"}).integer("axis", 1);
  b.initializer("one", {1}, std::vector<int64_t>{1});
  b.node("Unsqueeze", {"chosen", "one"}, {"wide"});
  b.node("Squeeze", {"wide", "one"}, {"narrow"});
  b.node("Flatten", {"narrow"}, {"flat"});
  b.weights("w", {16, 5}, 0.5f);
  b.weights("bias", {5}, 0.2f);
  b.node("Gemm", {"flat", "w", "bias"}, {"y"});
  b.output("y", {-1, 5});
  const auto quantized = check_quantization(
      b.model(),
      {{"QLinearConv", 1}, {"QGemm", 1}, {"QuantizeLinear", 1}, {"DequantizeLinear", 0}});
  EXPECT_THAT(quantized.annotation.observed(), testing::ElementsAre("x", "c0"));
}

TEST(Qdq, DepthToSpaceMovesCodes) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "c0", 3, 8);
  b.node("DepthToSpace", {"c0"}, {"wide"}).integer("blocksize", 2);
  conv(b, "wide", "y", 2, 4);
  b.output("y", {-1, 4, 16, 16});
  check_quantization(b.model(), {{"QLinearConv", 2}, {"QuantizeLinear", 1}});
}

/// A feature pyramid: what is enlarged is added to and joined with what is not.
TEST(Qdq, ResizeMovesCodesUnlessItInterpolates) {
  for (const std::string mode : {"nearest", "linear"}) {
    OnnxBuilder b = picture_model();
    conv(b, "x", "c0", 3, 8);
    b.node("MaxPool", {"c0"}, {"p"}).ints("kernel_shape", {2, 2}).ints("strides", {2, 2});
    b.initializer("scales", {4}, std::vector<float>{1, 1, 2, 2});
    auto& resize = b.node("Resize", {"p", "", "scales"}, {"r"}).proto();
    graph::set_attribute(resize, "mode", std::string_view(mode));
    b.node("Add", {"r", "c0"}, {"sum"});
    conv(b, "sum", "y", 8, 4);
    b.output("y", {-1, 4, 8, 8});
    const bool copies = mode == "nearest";
    check_quantization(
        b.model(), {{"QLinearConv", 2}, {"QLinearAdd", copies}, {"Add", !copies}, {"Resize", 1}});
  }
}

TEST(Qdq, ConcatAddAndMulHaveParametersForEachInput) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "c0", 3, 4);
  conv(b, "x", "c1", 3, 4);
  b.node("Concat", {"c0", "c1"}, {"cat"}).integer("axis", 1);
  b.node("AveragePool", {"cat"}, {"pool"}).ints("kernel_shape", {2, 2}).ints("strides", {2, 2});
  conv(b, "pool", "c2", 8, 4);
  conv(b, "pool", "c3", 8, 4);
  b.node("Mul", {"c2", "c3"}, {"product"});
  conv(b, "product", "y", 4, 4);
  b.output("y", {-1, 4, 4, 4});
  check_quantization(
      b.model(),
      {{"QLinearConv", 5}, {"QLinearConcat", 1}, {"QLinearAveragePool", 1}, {"QLinearMul", 1}}, 20);
}

TEST(Qdq, ConstantFactorsAreScales) {
  OnnxBuilder b = picture_model();
  b.initializer("half", {}, std::vector<float>{0.5f});
  b.initializer("three", {1}, std::vector<float>{3});
  b.initializer("less", {}, std::vector<float>{-0.7f});
  conv(b, "x", "c0", 3, 8);
  b.node("MaxPool", {"c0"}, {"m0"}).ints("kernel_shape", {2, 2});
  b.node("Mul", {"m0", "half"}, {"a"});
  b.node("Div", {"a", "three"}, {"d"});
  b.node("Add", {"d", "less"}, {"s"});
  b.node("Mul", {"s", "less"}, {"n"});
  conv(b, "n", "y", 8, 4);
  b.output("y", {-1, 4, 7, 7});
  const auto quantized = check_quantization(
      b.model(), {{"QLinearConv", 2}, {"QLinearAdd", 1}, {"QLinearMul", 1}, {"Div", 0}}, 30);
  EXPECT_FLOAT_EQ(quantized.annotation.find("d")->factor, 0.5f / 3);
}

TEST(Qdq, TwoInputsAndAnIntegerOne) {
  OnnxBuilder b = picture_model();
  b.input("z", {-1, 3, 8, 8});
  b.input("index", {2}, onnx::TensorProto::INT64);
  conv(b, "x", "c0", 3, 8);
  conv(b, "z", "c1", 3, 8);
  b.node("Add", {"c0", "c1"}, {"sum"});
  b.node("Gather", {"sum", "index"}, {"rows"}).integer("axis", 2);
  conv(b, "rows", "y", 8, 4);
  b.node("Identity", {"index"}, {"same"});
  b.output("y", {-1, 4, 2, 8});
  b.output("same", {2}, onnx::TensorProto::INT64);
  check_quantization(b.model(), {{"QLinearConv", 3}, {"QLinearAdd", 1}});
}

TEST(Qdq, ChannelsLastModelInTransposes) {
  OnnxBuilder b;
  b.input("x", {-1, 8, 8, 3});
  b.node("Transpose", {"x"}, {"t0"}).ints("perm", {0, 3, 1, 2});
  conv(b, "t0", "c0", 3, 8);
  b.node("Relu", {"c0"}, {"r0"});
  b.node("Transpose", {"r0"}, {"t1"}).ints("perm", {0, 2, 3, 1});
  b.weights("w", {8, 5}, 0.5f);
  b.node("MatMul", {"t1", "w"}, {"y"});
  b.output("y", {-1, 8, 8, 5});
  check_quantization(b.model(), {{"QLinearConv", 1}, {"MatMul", 0}, {"MatMulIntegerToFloat", 1}});
}

TEST(Qdq, ConvolutionsOfOneAndThreeDimensions) {
  OnnxBuilder b;
  b.input("x", {-1, 3, 12});
  b.weights("w", {4, 3, 3}, 0.5f);
  b.node("Conv", {"x", "w"}, {"y"});
  b.input("v", {-1, 2, 4, 4, 4});
  b.weights("u", {4, 2, 2, 2, 2}, 0.5f);
  b.node("Conv", {"v", "u"}, {"z"});
  b.output("y", {-1, 4, 10});
  b.output("z", {-1, 4, 3, 3, 3});
  check_quantization(b.model(), {{"QLinearConv", 2}}, 35);
}

TEST(Qdq, GroupedAndDepthwise) {
  OnnxBuilder b = picture_model(8);
  conv(b, "x", "grouped", 8, 8, 2);
  conv(b, "grouped", "depthwise", 8, 8, 8);
  conv(b, "depthwise", "multiplied", 8, 16, 8);
  pointwise(b, "multiplied", "y", 16, 4);
  b.output("y", {-1, 4, 8, 8});
  check_quantization(b.model(), {{"QLinearConv", 4}});
}

TEST(Qdq, ConvTransposeStaysFloat) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "c0", 3, 8);
  b.weights("w", {8, 4, 2, 2}, 0.5f);
  b.node("ConvTranspose", {"c0", "w"}, {"up"}).ints("strides", {2, 2});
  conv(b, "up", "y", 4, 4);
  b.output("y", {-1, 4, 16, 16});
  check_quantization(b.model(), {{"QLinearConv", 2}, {"ConvTranspose", 1}});
}

TEST(Qdq, GemmWithEveryBiasShape) {
  const std::vector<std::vector<int64_t>> shapes = {{6}, {1, 6}, {}, {1}, {1, 1}, {4, 6}, {4, 1}};
  for (const auto& shape : shapes) {
    for (const int64_t transposed : {0, 1}) {
      SCOPED_TRACE(tensor::to_string(shape) + (transposed ? " transB" : ""));
      OnnxBuilder b;
      b.input("x", {4, 16});
      b.weights("w", transposed ? std::vector<int64_t>{6, 16} : std::vector<int64_t>{16, 6}, 0.5f);
      b.weights("bias", shape, 0.8f);
      b.node("Gemm", {"x", "w", "bias"}, {"y"})
          .integer("transB", transposed)
          .real("alpha", 0.5f)
          .real("beta", shape.size() == 2 && shape[0] == 4 ? 1.0f : 2.0f);
      b.output("y", {4, 6});
      check_quantization(b.model(), {{"QGemm", 1}, {"Gemm", 0}}, 30);
    }
  }
}

/// ONNX Runtime looks for codes behind a bound and would leave the product in float without them.
TEST(Qdq, BoundsInFloatBehindAProduct) {
  struct Bound {
    std::string type;
    std::vector<std::string> limits;
  };
  for (const Bound& bound :
       {Bound{"Relu", {}}, Bound{"Clip", {"low", "high"}}, Bound{"Clip", {"", "high"}},
        Bound{"Clip", {"low"}}, Bound{"Clip", {}}}) {
    for (const std::string product : {"MatMul", "Gemm"}) {
      OnnxBuilder b;
      b.input("x", {4, 16});
      b.weights("w", {16, 6}, 0.5f);
      b.initializer("low", {}, std::vector<float>{-0.4f});
      b.initializer("high", {}, std::vector<float>{1.2f});
      b.node(product, {"x", "w"}, {"p"});
      std::vector<std::string> inputs = {"p"};
      inputs.insert(inputs.end(), bound.limits.begin(), bound.limits.end());
      b.node(bound.type, inputs, {"r"});
      b.node("Sin", {"r"}, {"y"});
      b.output("y", {4, 6});
      check_quantization(b.model(), {{"MatMul", 0}, {"Gemm", 0}, {"FusedGemm", 0}}, 25);
    }
  }
}

TEST(Qdq, GemmWithTransposedInputReadsTransposedCodes) {
  OnnxBuilder b;
  b.input("x", {16, 4});
  b.weights("w", {16, 6}, 0.5f);
  b.node("Gemm", {"x", "w"}, {"y"}).integer("transA", 1);
  b.output("y", {4, 6});
  const auto quantized = check_quantization(b.model(), {{"Gemm", 0}, {"QGemm", 1}}, 30);
  EXPECT_EQ(quantized.annotation.left_float.size(), 0u);
}

TEST(Qdq, SharedWeightsAndAWeightThatIsAnOutput) {
  OnnxBuilder b = picture_model(4);
  b.weights("w", {4, 4, 3, 3}, 0.4f);
  b.weights("bias", {4}, 0.1f);
  b.node("Conv", {"x", "w", "bias"}, {"c0"}).ints("pads", {1, 1, 1, 1});
  b.node("Relu", {"c0"}, {"r0"});
  b.node("Conv", {"r0", "w", "bias"}, {"y"}).ints("pads", {1, 1, 1, 1});
  b.output("y", {-1, 4, 8, 8});
  b.output("w", {4, 4, 3, 3});
  const auto quantized = check_quantization(b.model(), {{"QLinearConv", 2}});
  EXPECT_EQ(quantized.weights.size(), 2u);
}

TEST(Qdq, ChannelsOfZeros) {
  OnnxBuilder b = picture_model(1);
  b.initializer("w", {3, 1, 1, 1}, std::vector<float>{0, 0.7f, 0});
  b.initializer("bias", {3}, std::vector<float>{0, 0, 0.5f});
  b.node("Conv", {"x", "w", "bias"}, {"y"});
  b.output("y", {-1, 3, 8, 8});
  check_quantization(b.model(), {{"QLinearConv", 1}}, 35);
}

TEST(Qdq, NodesWithoutNamesAndWithTheSame) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "c0", 3, 8).proto().set_name("");
  b.node("Relu", {"c0"}, {"r0"}).proto().set_name("same");
  conv(b, "r0", "c1", 8, 8).proto().set_name("same");
  conv(b, "c1", "y", 8, 4).proto().set_name("same");
  b.output("y", {-1, 4, 8, 8});
  check_quantization(b.model(), {{"QLinearConv", 3}});
}

TEST(Qdq, WeightsInConstantNodesAndInInputs) {
  OnnxBuilder b = picture_model();
  b.node("Constant", {}, {"w"})
      .tensor("value",
              OnnxBuilder::float_tensor("", {2, 3, 1, 1}, {0.5f, -0.3f, 0.2f, -0.9f, 0.1f, 0.4f}));
  b.node("Conv", {"x", "w"}, {"c0"});
  b.input("overridable", {4, 2, 1, 1});
  b.weights("overridable", {4, 2, 1, 1}, 0.5f);
  b.node("Conv", {"c0", "overridable"}, {"y"});
  b.output("y", {-1, 4, 8, 8});
  check_quantization(b.model(), {{"QLinearConv", 2}}, 30);
}

/// A graph without inputs, as If wants it, that returns outer * 2.
onnx::GraphProto doubling_body(const std::string& outer, const std::string& name) {
  OnnxBuilder body;
  body.initializer(name + "_two", {}, std::vector<float>{2});
  body.node("Mul", {outer, name + "_two"}, {name});
  body.output(name, {-1, 8, 8, 8});
  onnx::GraphProto graph = body.graph();
  graph.set_name(name);
  return graph;
}

TEST(Qdq, TensorReadByTheBodiesOfIf) {
  OnnxBuilder b = picture_model();
  b.input("condition", {}, onnx::TensorProto::BOOL);
  conv(b, "x", "c0", 3, 8);
  b.node("Relu", {"c0"}, {"r0"});
  conv(b, "r0", "y", 8, 4);
  b.node("If", {"condition"}, {"z"})
      .graph("then_branch", doubling_body("r0", "then"))
      .graph("else_branch", doubling_body("c0", "else"));
  b.output("y", {-1, 4, 8, 8});
  b.output("z", {-1, 8, 8, 8});
  check_quantization(b.model(), {{"QLinearConv", 2}, {"If", 1}});
}

TEST(Qdq, MovedTensorReadByTheBodiesOfIf) {
  OnnxBuilder b = picture_model();
  b.input("condition", {}, onnx::TensorProto::BOOL);
  conv(b, "x", "c0", 3, 8);
  b.node("Transpose", {"c0"}, {"turned"}).ints("perm", {0, 1, 3, 2});
  b.node("If", {"condition"}, {"z"})
      .graph("then_branch", doubling_body("turned", "then"))
      .graph("else_branch", doubling_body("turned", "else"));
  b.output("z", {-1, 8, 8, 8});
  check_quantization(b.model(), {{"QLinearConv", 1}, {"If", 1}});
}

TEST(Qdq, PlacesReadByTheBodiesOfIfAreNoCodes) {
  OnnxBuilder b = picture_model();
  b.input("condition", {}, onnx::TensorProto::BOOL);
  conv(b, "x", "c0", 3, 8);
  b.node("ArgMax", {"c0"}, {"best"}).integer("axis", 1);
  OnnxBuilder body;
  body.node("Cast", {"best"}, {"in_body"}).integer("to", onnx::TensorProto::FLOAT);
  body.output("in_body", {-1, 1, 8, 8});
  onnx::GraphProto graph = body.graph();
  graph.set_name("body");
  b.node("If", {"condition"}, {"z"}).graph("then_branch", graph).graph("else_branch", graph);
  b.output("z", {-1, 1, 8, 8});
  const auto quantized =
      test_support::quantize(b.model(), {test_support::random_sample(b.model(), 1)});
  for (const auto& node : quantized.model.graph().node()) EXPECT_NE(node.op_type(), "Max");
}

TEST(Qdq, ScalesOfAllTensorsThatShareParametersAreOneInitializer) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "c0", 3, 8);
  b.node("MaxPool", {"c0"}, {"pool"}).ints("kernel_shape", {2, 2});
  conv(b, "pool", "y", 8, 4);
  b.output("y", {-1, 4, 7, 7});
  const auto quantized = check_quantization(b.model(), {{"QLinearConv", 2}});
  std::set<std::string> scales;
  for (const auto& node : quantized.model.graph().node()) {
    if (node.op_type() == "QuantizeLinear") scales.insert(node.input(1));
  }
  EXPECT_THAT(scales, UnorderedElementsAre("x_scale", "c0_scale", "y_scale"));
}

TEST(Qdq, ARootWithoutParametersIsMisuse) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "y", 3, 8);
  b.output("y", {-1, 8, 8, 8});
  const auto prepared = test_support::prepare(b.model());
  onnx::ModelProto model = prepared.model;
  graph::Graph graph(model);
  const auto annotation = passes::annotate(graph, prepared.infos, targets::find_target("ort-cpu"));
  EXPECT_THROW(write_qdq(prepared, annotation, {}, {}), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::exporters
