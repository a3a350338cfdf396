#include "workflow/analog_model.h"

#include <gmock/gmock.h>

#include "analog/hardware/rpu_config_file.h"
#include "analog/ranges/calibrate.h"
#include "base/error.h"
#include "data/sample_source.h"
#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using test_support::OnnxBuilder;
using testing::HasSubstr;

class AnalogModelTest : public WorkflowTest {
 protected:
  AnalogModelTest() { write_file(file("rpu.json"), R"({"forward": {"inp_res": 254}})"); }

  /// As a user goes: load, calibrate, write.
  analog::AnalogModel calibrated(const std::string& model) const {
    auto found = load_analog(file(model), analog::load_network_config(file("rpu.json")),
                             analog::Compatibility::kNone);
    const auto source = data::open_samples({samples()});
    analog::calibrate_input_ranges(found, analog::InputRangeType::kMax, engine::feed_from(*source));
    write_analog(found, {file("analog.onnx"), file("ranges.json")});
    return found;
  }

  /// Calibrating the model fails, says `part`, and leaves nothing.
  void expect_refused(OnnxBuilder& b, const std::string& part) const {
    write_file(file("refused.onnx"), b.bytes());
    try {
      calibrated("refused.onnx");
      ADD_FAILURE() << "no error that says " << part;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(part));
      EXPECT_EQ(error.place().file, file("refused.onnx").string());
    }
    EXPECT_FALSE(std::filesystem::exists(file("analog.onnx")));
    EXPECT_FALSE(std::filesystem::exists(file("ranges.json")));
  }

  /// [N, 3, 8, 8] flattened.
  static OnnxBuilder flat() {
    OnnxBuilder b;
    b.input("x", {-1, 3, 8, 8});
    b.node("Flatten", {"x"}, {"f"});
    return b;
  }
};

TEST_F(AnalogModelTest, FindsTheLayersAndWritesBothFiles) {
  const analog::AnalogModel found = calibrated("net.onnx");
  ASSERT_EQ(found.layers.size(), 3u);
  EXPECT_EQ(found.layers[0].name, "Conv_c");
  EXPECT_THAT(to_table(found), HasSubstr("Gemm_y"));
  EXPECT_THAT(read_file(file("ranges.json")), HasSubstr("Conv_c"));
  EXPECT_FALSE(read_file(file("analog.onnx")).empty());
}

TEST_F(AnalogModelTest, WeightsBehindNodesAreFound) {
  OnnxBuilder b = flat();
  b.weights("w", {5, 192});
  b.weights("scale", {5, 1});
  b.node("Mul", {"w", "scale"}, {"scaled"});
  b.node("Transpose", {"scaled"}, {"t"}).ints("perm", {1, 0});
  b.node("MatMul", {"f", "t"}, {"y"}).proto().set_name("fc");
  b.output("y", {-1, 5});
  write_file(file("computed.onnx"), b.bytes());
  const analog::AnalogModel found = calibrated("computed.onnx");
  ASSERT_EQ(found.layers.size(), 1u);
  EXPECT_EQ(found.layers[0].name, "fc");
  EXPECT_TRUE(found.digital.empty());
}

TEST_F(AnalogModelTest, RefusesAModelWithoutMatrices) {
  OnnxBuilder b = flat();
  b.node("Relu", {"f"}, {"y"});
  b.output("y", {-1, 192});
  expect_refused(b, "there is no Gemm");
}

TEST_F(AnalogModelTest, RefusesAModelOfWhichNothingBecomesAnalog) {
  OnnxBuilder b = flat();
  b.node("Transpose", {"f"}, {"t"}).ints("perm", {1, 0});
  b.node("MatMul", {"f", "t"}, {"y"});
  b.output("y", {-1, -1});
  expect_refused(b, "neither operand is constant");
}

TEST_F(AnalogModelTest, RefusesAModelOfDoublesByTheirName) {
  OnnxBuilder b = flat();
  b.node("Cast", {"f"}, {"wide"}).integer("to", onnx::TensorProto::DOUBLE);
  onnx::TensorProto weight;
  weight.set_name("w");
  weight.set_data_type(onnx::TensorProto::DOUBLE);
  weight.add_dims(192);
  weight.add_dims(2);
  for (int i = 0; i < 384; ++i) weight.add_double_data(0.01 * i);
  *b.graph().add_initializer() = weight;
  b.node("MatMul", {"wide", "w"}, {"y"});
  b.output("y", {-1, 2}, onnx::TensorProto::DOUBLE);
  expect_refused(b, "the weight is float64; allowed: float32");
}

TEST_F(AnalogModelTest, RefusesAModelThatIsExcludedAsAWhole) {
  write_file(file("rpu.json"), R"({"exclude": ["*"]})");
  OnnxBuilder b = classifier();
  expect_refused(b, "excluded by name");
}

}  // namespace
}  // namespace rangefinder::workflow
