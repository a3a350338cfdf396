#include "exporters/tables/read_qdq.h"

#include "exporters/tables/sample_table.h"
#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::exporters {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;
using testing::HasSubstr;

/// Model-level constants of pairs: uint8 or int8.
class QdqBuilder : public OnnxBuilder {
 public:
  void parameters(const std::string& name, const std::vector<float>& scale,
                  const std::vector<int32_t>& zero, int type = onnx::TensorProto::UINT8) {
    const std::vector<int64_t> shape =
        scale.size() == 1 ? std::vector<int64_t>{} : std::vector<int64_t>{std::ssize(scale)};
    initializer(name + "_scale", shape, scale);
    integers(name + "_zero_point", shape, zero, type);
  }
  void integers(const std::string& name, const std::vector<int64_t>& shape,
                const std::vector<int32_t>& values, int type) {
    auto* tensor = graph().add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(type);
    for (const int64_t d : shape) tensor->add_dims(d);
    for (const int32_t value : values) tensor->add_int32_data(value);
  }
  /// from -> codes -> to, with the parameters called so.
  void pair(const std::string& from, const std::string& codes, const std::string& to,
            const std::string& with) {
    node("QuantizeLinear", {from, with + "_scale", with + "_zero_point"}, {codes});
    node("DequantizeLinear", {codes, with + "_scale", with + "_zero_point"}, {to});
  }
};

TensorTable read(const OnnxBuilder& b, const onnx::ModelProto* float_model = nullptr) {
  return read_qdq_table(OnnxBuilder(b).model(), "net.onnx", float_model);
}

std::vector<std::string> names(const std::vector<TableTensor>& tensors) {
  std::vector<std::string> result;
  for (const auto& tensor : tensors) result.push_back(tensor.name);
  return result;
}

/// As ONNX Runtime's quantizer writes: x and an inner tensor by pairs behind them, the output by
/// one that takes over its name.
QdqBuilder ort_model() {
  QdqBuilder b;
  b.input("x", {1, 3, 8, 8});
  b.parameters("x", {0.5f}, {10});
  b.parameters("c", {0.25f}, {0});
  b.parameters("y", {0.125f}, {-3}, onnx::TensorProto::INT8);
  b.parameters("w", {0.5f, 0.25f}, {0, 0}, onnx::TensorProto::INT8);
  b.integers("w_quantized", {2, 3, 1, 1}, {1, 2, 3, 4, 5, 6}, onnx::TensorProto::INT8);
  b.initializer("bias_quantized_scale", {2}, std::vector<float>{0.25f, 0.125f});
  b.integers("bias_quantized", {2}, {7, 8}, onnx::TensorProto::INT32);
  b.pair("x", "x_QuantizeLinear_Output", "x_DequantizeLinear_Output", "x");
  b.node("DequantizeLinear", {"w_quantized", "w_scale", "w_zero_point"},
         {"w_DequantizeLinear_Output"})
      .integer("axis", 0);
  b.node("DequantizeLinear", {"bias_quantized", "bias_quantized_scale"}, {"bias"})
      .integer("axis", 0);
  b.node("Conv", {"x_DequantizeLinear_Output", "w_DequantizeLinear_Output", "bias"}, {"conv"});
  b.node("Relu", {"conv"}, {"c"});
  b.pair("c", "c_QuantizeLinear_Output", "c_DequantizeLinear_Output", "c");
  b.node("MaxPool", {"c_DequantizeLinear_Output"}, {"y_QuantizeLinear_Input"})
      .ints("kernel_shape", {1, 1});
  b.pair("y_QuantizeLinear_Input", "y_QuantizeLinear_Output", "y", "y");
  b.output("y", {1, 2, 8, 8});
  return b;
}

TEST(ReadQdq, TensorsGoByTheirNamesInTheFloatModel) {
  const TensorTable table = read(ort_model());
  EXPECT_THAT(names(table.activations), ElementsAre("x", "c", "y"));
  EXPECT_EQ(table.activations[0].scale[0], 0.5f);
  EXPECT_EQ(table.activations[0].zero_point[0], 10);
  EXPECT_EQ(table.activations[2].zero_point[0], -3);
  EXPECT_EQ(table.activations[2].quant_min, -128);
  EXPECT_THAT(table.input_shape, ElementsAre(1, 3, 8, 8));
}

TEST(ReadQdq, WeightsAreParametersAndBiasesAreNot) {
  const TensorTable table = read(ort_model());
  EXPECT_THAT(names(table.parameters), ElementsAre("w"));
  EXPECT_EQ(table.parameters[0].axis, 0);
  EXPECT_THAT(table.parameters[0].shape, ElementsAre(2, 3, 1, 1));
}

TEST(ReadQdq, LayersTellWhatTheyReadAndMakeThroughARelu) {
  const TensorTable table = read(ort_model());
  ASSERT_EQ(table.layers.size(), 2);
  EXPECT_EQ(table.layers[0].name, "Conv_conv");
  EXPECT_THAT(table.layers[0].inputs, ElementsAre("x", "", ""));
  EXPECT_EQ(table.layers[0].output, "c");
  EXPECT_EQ(table.layers[0].own_output, "conv");
  EXPECT_EQ(table.layers[0].weight, "w");
  EXPECT_EQ(table.layers[0].weight_axis, 0);
  EXPECT_EQ(table.layers[1].output, "y");
}

TEST(ReadQdq, AFloatModelDecidesNames) {
  QdqBuilder b;
  b.input("x", {4});
  b.parameters("p", {1}, {0});
  b.node("Relu", {"x"}, {"odd"});
  b.pair("odd", "codes", "other", "p");
  b.node("Relu", {"other"}, {"y"});
  b.output("y", {4});
  EXPECT_THAT(names(read(b).activations), ElementsAre("odd"));
  OnnxBuilder original;
  original.input("x", {4});
  original.node("Relu", {"x"}, {"other"});
  original.node("Relu", {"other"}, {"y"});
  EXPECT_THAT(names(read(b, &original.model()).activations), ElementsAre("other"));
}

TEST(ReadQdq, WeightsBehindPairsGoByTheirInitializer) {
  QdqBuilder b;
  b.input("x", {1, 2});
  b.parameters("x", {1}, {0}, onnx::TensorProto::INT8);
  b.parameters("w", {1, 2, 3}, {0, 0, 0}, onnx::TensorProto::INT8);
  b.weights("w", {2, 3});
  b.pair("x", "xq", "xd", "x");
  b.node("QuantizeLinear", {"w", "w_scale", "w_zero_point"}, {"wq"}).integer("axis", -1);
  b.node("DequantizeLinear", {"wq", "w_scale", "w_zero_point"}, {"wd"}).integer("axis", -1);
  b.node("MatMul", {"xd", "wd"}, {"y"});
  b.output("y", {1, 3});
  const TensorTable table = read(b);
  EXPECT_THAT(names(table.parameters), ElementsAre("w"));
  EXPECT_EQ(table.parameters[0].axis, 1);
  EXPECT_EQ(table.layers[0].weight, "w");
}

TEST(ReadQdq, DedicatedPairsOfOneTensorAreOneEntryUnlessTheyDiffer) {
  const auto model = [](float second) {
    QdqBuilder b;
    b.input("x", {4});
    b.parameters("a", {1}, {0});
    b.parameters("b", {second}, {0});
    b.pair("x", "x1", "xd1", "a");
    b.pair("x", "x2", "xd2", "b");
    b.node("Add", {"xd1", "xd2"}, {"y"});
    b.output("y", {4});
    return b;
  };
  EXPECT_THAT(names(read(model(1)).activations), ElementsAre("x"));
  const Error error = error_of([&] { read(model(2)); });
  EXPECT_EQ(error.place().tensor, "x");
  EXPECT_THAT(error.what(), HasSubstr("two ways"));
}

/// Ours, of embeddings: the codes of rows have a scale for each column, and are no activation.
TEST(ReadQdq, RowsThatAreLookedUpAreAWeight) {
  QdqBuilder b;
  b.input("ids", {4}, onnx::TensorProto::INT64);
  b.parameters("t", {1, 2}, {0, 0}, onnx::TensorProto::INT8);
  b.parameters("r", {1}, {0});
  b.integers("table_quantized", {3, 2}, {1, 2, 3, 4, 5, 6}, onnx::TensorProto::INT8);
  b.node("Gather", {"table_quantized", "ids"}, {"rows_quantized"});
  b.node("DequantizeLinear", {"rows_quantized", "t_scale", "t_zero_point"}, {"rows"})
      .integer("axis", -1);
  b.node("Relu", {"rows"}, {"relu"});
  b.pair("relu", "q", "behind", "r");
  b.node("Relu", {"behind"}, {"y"});
  b.output("y", {4, 2});
  const TensorTable table = read(b);
  EXPECT_THAT(names(table.activations), ElementsAre("relu"));
  EXPECT_FALSE(table.activations[0].is_per_channel());
  EXPECT_THAT(names(table.parameters), ElementsAre("table"));
  EXPECT_EQ(table.parameters[0].axis, 1);
}

TEST(ReadQdq, WithoutAZeroPointCodesAreUint8) {
  QdqBuilder b;
  b.input("x", {4});
  b.initializer("s", {}, std::vector<float>{1});
  b.node("QuantizeLinear", {"x", "s"}, {"q"});
  b.node("DequantizeLinear", {"q", "s"}, {"y"});
  b.output("y", {4});
  const TensorTable table = read(b);
  EXPECT_EQ(table.activations[0].quant_max, 255);
  EXPECT_EQ(table.activations[0].zero_point[0], 0);
}

TEST(ReadQdq, ModelsThatNoTableCanBeMadeOfAreRefused) {
  OnnxBuilder plain;
  plain.input("x", {4});
  plain.node("Relu", {"x"}, {"y"});
  plain.output("y", {4});
  EXPECT_THAT(error_of([&] { read(plain); }).what(), HasSubstr("a quantized model is needed"));
  OnnxBuilder fused;
  fused.node("QLinearConv", {"x"}, {"y"});
  EXPECT_EQ(error_of([&] { read(fused); }).place().node, "QLinearConv_y");
  const auto refused = [](const std::vector<float>& scale, int type, const char* part) {
    QdqBuilder b;
    b.input("x", {4});
    b.parameters("x", scale, std::vector<int32_t>(scale.size(), 0), type);
    b.pair("x", "q", "y", "x");
    b.output("y", {4});
    const Error error = error_of([&] { read(b); });
    EXPECT_THAT(error.what(), HasSubstr(part));
    EXPECT_EQ(error.place().tensor, "x");
  };
  refused({0}, onnx::TensorProto::UINT8, "scale is 0");
  refused({-1}, onnx::TensorProto::UINT8, "scale is -1");
  refused({std::nanf("")}, onnx::TensorProto::UINT8, "scale is nan");
  refused({1}, onnx::TensorProto::INT32, "INT32");
  QdqBuilder computed;
  computed.input("x", {4});
  computed.input("s", {});
  computed.node("QuantizeLinear", {"x", "s"}, {"q"});
  EXPECT_THAT(error_of([&] { read(computed); }).what(), HasSubstr("computed"));
  QdqBuilder bare;
  bare.node("QuantizeLinear", {"x"}, {"q"});
  EXPECT_THAT(error_of([&] { read(bare); }).what(), HasSubstr("1 inputs"));
  QdqBuilder uneven = ort_model();
  for (auto& constant : *uneven.graph().mutable_initializer()) {
    if (constant.name() == "w_quantized") constant.set_dims(0, 3);
  }
  EXPECT_THAT(error_of([&] { read(uneven); }).what(), HasSubstr("2 scales do not fit"));
}

/// Our own models: every tensor that was planned, by the user's name, with the parameters that were
/// solved.
TEST(ReadQdq, ReadsWhatWeWrite) {
  OnnxBuilder b(14);
  b.input("x", {-1, 2, 6, 6});
  b.weights("w1", {4, 2, 3, 3}, 0.5f);
  b.weights("w2", {4, 3}, 0.5f);
  b.initializer("two", {}, std::vector<float>{2});
  b.node("Conv", {"x", "w1"}, {"c"});
  b.node("Relu", {"c"}, {"r"});
  b.node("Mul", {"r", "two"}, {"scaled"});
  b.node("HardSwish", {"scaled"}, {"h"});
  b.node("GlobalAveragePool", {"h"}, {"p"});
  b.node("Flatten", {"p"}, {"f"});
  b.node("MatMul", {"f", "w2"}, {"m"});
  b.node("Softmax", {"m"}, {"y"});
  b.output("y", {-1, 3});
  const auto quantized =
      test_support::quantize(b.model(), {test_support::random_sample(b.model(), 1)});
  const TensorTable table = read_qdq_table(quantized.model, "ours", &b.model());
  const auto found = by_name(table.activations);
  size_t count = 0;
  for (const auto& tensor : quantized.annotation.tensors) {
    if (!found.contains(tensor.name)) continue;
    ++count;
    EXPECT_FLOAT_EQ(found.at(tensor.name)->scale[0],
                    static_cast<float>(quantized.scale_of(tensor.name)))
        << tensor.name;
  }
  EXPECT_EQ(count, table.activations.size()) << "no other names";
  EXPECT_THAT(table.left_out, testing::SizeIs(1)) << "the gate of HardSwish";
  const auto all = read_qdq_table(quantized.model, "ours");
  std::vector<std::string> planned;
  for (const auto& tensor : quantized.annotation.tensors) planned.push_back(tensor.name);
  EXPECT_THAT(planned, testing::IsSupersetOf(names(all.activations)));
  EXPECT_TRUE(found.contains("x"));
  EXPECT_TRUE(found.contains("scaled"));
  EXPECT_THAT(names(table.parameters), testing::UnorderedElementsAre("w1", "w2"));
}

/// x is uint8 for one reader and uint16 for another, y what the second makes, converted for a
/// third.
TEST(ReadQdq, AConversionToAnotherWidthIsNoTensor) {
  QdqBuilder b;
  b.input("x", {1, 4});
  b.parameters("x", {0.5f}, {10}, onnx::TensorProto::UINT16);
  b.parameters("x8", {64.0f}, {1});
  b.parameters("y", {0.25f}, {0}, onnx::TensorProto::UINT16);
  b.parameters("y8", {32.0f}, {0});
  b.pair("x", "x_codes", "x_restored", "x");
  b.pair("x", "x8_codes", "x8_restored", "x8");
  b.node("Sigmoid", {"x_restored"}, {"y_float"});
  b.pair("y_float", "y_codes", "y", "y");
  b.pair("y", "y8_codes", "y8_restored", "y8");
  b.node("Add", {"x8_restored", "y8_restored"}, {"z"});
  b.output("z", {1, 4});
  OnnxBuilder real;
  real.input("x", {1, 4});
  real.node("Sigmoid", {"x"}, {"y"});
  real.node("Add", {"x", "y"}, {"z"});
  real.output("z", {1, 4});
  const auto float_model = real.model();
  const auto table = read(b, &float_model);
  EXPECT_THAT(names(table.activations), ElementsAre("x", "y"));
  for (const auto& tensor : table.activations) EXPECT_EQ(tensor.bits(), 16) << tensor.name;
  ASSERT_EQ(table.layers.size(), 2u);
  EXPECT_THAT(table.layers[1].inputs, ElementsAre("x", "y")) << "converted or not";
}

}  // namespace
}  // namespace rangefinder::exporters
