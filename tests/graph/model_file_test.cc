#include "graph/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "engine/temporary_folder.h"
#include "graph/constants.h"
#include "support/onnx_builder.h"

namespace rangefinder::graph {
namespace {

using test_support::OnnxBuilder;
using testing::AllOf;
using testing::HasSubstr;

template <typename Function>
std::string error_of(Function&& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

/// y = x + w, w in an initializer, k in a Constant node.
OnnxBuilder small_model() {
  OnnxBuilder b;
  b.input("x", {2});
  b.initializer("w", {2}, std::vector<float>{1, 2});
  b.node("Constant", {}, {"k"}).tensor("value", OnnxBuilder::float_tensor("k", {2}, {3, 4}));
  b.node("Add", {"x", "w"}, {"s"});
  b.node("Add", {"s", "k"}, {"y"});
  b.output("y", {2});
  return b;
}

void set_entry(onnx::TensorProto& tensor, const std::string& key, const std::string& value) {
  for (auto& entry : *tensor.mutable_external_data()) {
    if (entry.key() == key) return entry.set_value(value);
  }
  auto* entry = tensor.add_external_data();
  entry->set_key(key);
  entry->set_value(value);
}

void move_out(onnx::TensorProto& tensor, const std::string& file, size_t offset) {
  tensor.clear_float_data();
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  set_entry(tensor, "location", file);
  set_entry(tensor, "offset", std::to_string(offset));
  set_entry(tensor, "length", "8");
}

/// The small model with both constants in "weights.bin".
class ExternalData : public testing::Test {
 protected:
  ExternalData() : builder_(small_model()) {
    const std::vector<float> values = {1, 2, 3, 4};
    write_file(folder_.path() / "weights.bin",
               {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
    move_out(weight(), "weights.bin", 0);
    move_out(*builder_.graph().mutable_node(0)->mutable_attribute(0)->mutable_t(), "weights.bin",
             8);
  }

  onnx::TensorProto& weight() { return *builder_.graph().mutable_initializer(0); }

  onnx::ModelProto load() {
    write_file(folder_.path() / "model.onnx", builder_.bytes());
    return load_model(folder_.path() / "model.onnx");
  }

  engine::TemporaryFolder folder_;
  OnnxBuilder builder_;
};

TEST_F(ExternalData, IsReadIntoTheModel) {
  const auto model = load();
  EXPECT_EQ(read_constant(model.graph().initializer(0)).floats()[1], 2);
  EXPECT_EQ(read_constant(model.graph().node(0).attribute(0).t()).floats()[1], 4);
  EXPECT_EQ(model.graph().initializer(0).external_data_size(), 0);
}

TEST_F(ExternalData, LengthAndOffsetMayBeLeftOut) {
  write_file(folder_.path() / "one.bin", std::string(8, '\0'));
  weight().clear_external_data();
  set_entry(weight(), "location", "./one.bin");
  EXPECT_EQ(read_constant(load().graph().initializer(0)).floats()[1], 0);
}

TEST_F(ExternalData, MissingFileIsNamed) {
  set_entry(weight(), "location", "nowhere.bin");
  EXPECT_THAT(error_of([&] { load(); }),
              AllOf(HasSubstr("nowhere.bin"), HasSubstr("'w'"), HasSubstr("model.onnx")));
}

TEST_F(ExternalData, TooShortFileTellsBothSizes) {
  set_entry(weight(), "offset", "12");
  EXPECT_THAT(error_of([&] { load(); }), AllOf(HasSubstr("16 bytes"), HasSubstr("8 from 12")));
  set_entry(weight(), "offset", "99999999999");
  EXPECT_THAT(error_of([&] { load(); }), HasSubstr("16 bytes"));
  set_entry(weight(), "length", "18446744073709551615");
  EXPECT_THAT(error_of([&] { load(); }), HasSubstr("16 bytes"));
}

TEST_F(ExternalData, NumbersMustBeNumbers) {
  for (const std::string bad : {"-8", "eight", "8 ", "", "1e3", "99999999999999999999999"}) {
    set_entry(weight(), "length", bad);
    EXPECT_THAT(error_of([&] { load(); }), HasSubstr("a number is needed")) << bad;
  }
}

TEST_F(ExternalData, OtherFoldersAreRefused) {
  for (const std::string bad : {"../weights.bin", "/etc/hostname", "a/../../weights.bin", ".."}) {
    set_entry(weight(), "location", bad);
    EXPECT_THAT(error_of([&] { load(); }), HasSubstr("outside the model's folder")) << bad;
  }
  std::filesystem::create_directory(folder_.path() / "sub");
  set_entry(weight(), "location", "sub/../weights.bin");
  EXPECT_EQ(error_of([&] { load(); }), "no error");
  weight().clear_external_data();
  EXPECT_THAT(error_of([&] { load(); }), HasSubstr("without a location"));
}

TEST(ModelFile, WhatIsNoModelIsRefusedWithItsName) {
  const auto message = [](std::string_view bytes) {
    return error_of([&] { parse_model(bytes, "file.onnx"); });
  };
  EXPECT_THAT(message(""), AllOf(HasSubstr("file.onnx"), HasSubstr("no graph")));
  EXPECT_THAT(message("PK\x03\x04 a zip file, or a picture"), HasSubstr("not an ONNX model"));
  OnnxBuilder b = small_model();
  b.model().clear_opset_import();
  EXPECT_THAT(message(b.bytes()), HasSubstr("imports no operator set"));
  EXPECT_THROW(load_model("/no/such/model.onnx"), Error);
}

TEST(ModelFile, EveryTruncationIsRefusedOrAValidModel) {
  const std::string bytes = small_model().bytes();
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_NE(error_of([&] { parse_model(std::string_view(bytes).substr(0, length), "cut"); }),
              "no error")
        << length << " of " << bytes.size();
  }
}

TEST(ModelFile, BytesRoundTripAndAreTheSameEachTime) {
  OnnxBuilder b = small_model();
  const std::string bytes = serialize(b.model());
  EXPECT_EQ(serialize(parse_model(bytes, "model")), bytes);
  EXPECT_EQ(fingerprint(bytes), fingerprint(std::string(bytes)));
  EXPECT_NE(fingerprint(bytes), fingerprint(bytes.substr(1)));
  EXPECT_EQ(fingerprint(""), 0xCBF29CE484222325u) << "FNV-1a's offset basis";
  EXPECT_EQ(fingerprint("a"), 0xAF63DC4C8601EC8Cu) << "FNV-1a of one letter, published";
}

TEST(ModelFile, TheDefaultDomainHasTwoNames) {
  onnx::ModelProto model;
  EXPECT_EQ(opset_version(model), 0);
  auto* opset = model.add_opset_import();
  opset->set_domain("com.microsoft");
  opset->set_version(1);
  EXPECT_EQ(opset_version(model), 0);
  opset = model.add_opset_import();
  opset->set_domain("ai.onnx");
  opset->set_version(12);
  EXPECT_EQ(opset_version(model), 12);
}

TEST(ModelFile, KnowsAModelThatIsQuantizedAlready) {
  OnnxBuilder b = small_model();
  EXPECT_EQ(find_quantized_node(b.model()), nullptr);
  b.node("DynamicQuantizeLinear", {"x"}, {"q", "scale", "zero"});
  EXPECT_EQ(find_quantized_node(b.model())->name(), "DynamicQuantizeLinear_q");
}

}  // namespace
}  // namespace rangefinder::graph
