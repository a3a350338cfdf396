#include "passes/interface.h"

#include <gtest/gtest.h>

#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::passes {
namespace {

using test_support::OnnxBuilder;

OnnxBuilder described() {
  OnnxBuilder b;
  b.input("unread", {2});
  b.input("x", {-1, 3, 8, 8});
  b.weights("w", {4, 3, 1, 1});
  b.node("Conv", {"x", "w"}, {"c"});
  b.node("Identity", {"c"}, {"y"});
  b.output("y", {-1, 4, -1, 8});
  b.output("x", {-1, 3, 8, 8});
  auto* dimension = b.graph().mutable_input(1)->mutable_type()->mutable_tensor_type();
  dimension->mutable_shape()->mutable_dim(0)->set_dim_param("batch size");
  b.graph().mutable_output(0)->set_doc_string("scores");
  return b;
}

TEST(Interface, IsDeclaredAsInTheFile) {
  OnnxBuilder b = described();
  onnx::ModelProto given = b.model();
  given.set_doc_string("a model");
  given.set_domain("org.example");
  auto* property = given.add_metadata_props();
  property->set_key("classes");
  property->set_value("4");
  const auto prepared = test_support::prepare(given).model;
  EXPECT_EQ(prepared.doc_string(), "a model");
  EXPECT_EQ(prepared.domain(), "org.example");
  ASSERT_EQ(prepared.metadata_props_size(), 1);
  EXPECT_EQ(prepared.metadata_props(0).value(), "4");
  ASSERT_EQ(prepared.graph().input_size(), 2);
  ASSERT_EQ(prepared.graph().output_size(), 2);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(prepared.graph().input(i).SerializeAsString(),
              given.graph().input(i).SerializeAsString());
    EXPECT_EQ(prepared.graph().output(i).SerializeAsString(),
              given.graph().output(i).SerializeAsString());
  }
}

TEST(Interface, AnOutputWithoutATypeKeepsTheInferredOne) {
  OnnxBuilder b = described();
  onnx::ModelProto given = b.model();
  given.mutable_graph()->mutable_output(0)->clear_type();
  onnx::ModelProto model = b.model();
  restore_interface(interface_of(given), model);
  EXPECT_EQ(model.graph().output(0).type().tensor_type().elem_type(), onnx::TensorProto::FLOAT);
}

TEST(Interface, HoldsNothingElse) {
  OnnxBuilder b = described();
  const onnx::ModelProto interface = interface_of(b.model());
  EXPECT_EQ(interface.graph().node_size(), 0);
  EXPECT_EQ(interface.graph().initializer_size(), 0);
}

}  // namespace
}  // namespace rangefinder::passes
