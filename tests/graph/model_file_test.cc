#include "graph/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
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

/// An If in a branch of an If, `depth` of them.
onnx::ModelProto nested_ifs(int depth) {
  OnnxBuilder b = small_model();
  for (int i = 0; i < depth; ++i) {
    onnx::GraphProto body = b.graph();
    body.clear_input();
    OnnxBuilder outer;
    outer.input("x", {2});
    outer.node("If", {"c"}, {"y"}).graph("then_branch", body);
    outer.output("y", {2});
    b = outer;
  }
  return b.model();
}

TEST(ModelFile, BodiesNestOnlySoDeep) {
  const auto message = [](int depth) {
    const std::string bytes = nested_ifs(depth).SerializeAsString();
    return error_of([&] { parse_model(bytes, "deep.onnx"); });
  };
  EXPECT_EQ(message(30), "no error");
  EXPECT_THAT(message(40), AllOf(HasSubstr("deep.onnx"), HasSubstr("100 messages inside")));
  EXPECT_THAT(message(400), HasSubstr("too deep"));
}

TEST(ModelFile, TypesNestOnlySoDeep) {
  OnnxBuilder b = small_model();
  auto* type = b.graph().add_input()->mutable_type();
  for (int i = 0; i < 200; ++i) type = type->mutable_sequence_type()->mutable_elem_type();
  EXPECT_THAT(error_of([&] { parse_model(b.bytes(), "deep.onnx"); }),
              HasSubstr("100 messages inside"));
}

TEST(ModelFile, WhatNestsForeverEndsInAnError) {
  // A message that is all one field in another: what each says of its length is wrong.
  EXPECT_THAT(error_of([] { parse_model(std::string(200000, '\x3A'), "deep.onnx"); }),
              HasSubstr("deep.onnx"));
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
