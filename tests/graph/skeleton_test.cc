#include "graph/skeleton.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/folder_fixture.h"
#include "graph/constants.h"
#include "graph/model_file.h"
#include "support/onnx_builder.h"

namespace rangefinder::graph {
namespace {

using test_support::OnnxBuilder;
using testing::HasSubstr;

/// Weights of many sizes around what counts as small, with fields before and behind their data, one
/// in typed fields, some in a body.
onnx::ModelProto model_of_many() {
  OnnxBuilder b;
  b.input("x", {-1, 32});
  for (const int64_t size : {1, 255, 256, 257, 5000, 70000}) {
    std::vector<float> values(static_cast<size_t>(size));
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 3;
    onnx::TensorProto tensor = make_floats("w" + std::to_string(size), {size}, values);
    if (size % 2 == 0) tensor.set_doc_string("behind the data");
    *b.graph().add_initializer() = tensor;
  }
  b.initializer("typed", {400}, std::vector<float>(400, 1.5f));
  OnnxBuilder body;
  *body.graph().add_initializer() = b.graph().initializer(4);
  body.output("w5000", {5000});
  b.node("If", {"c"}, {"i"}).graph("then_branch", body.graph());
  b.node("Add", {"x", "w1"}, {"y"});
  b.output("y", {-1, 32});
  b.model().set_producer_name("test");
  auto& property = *b.model().add_metadata_props();
  property.set_key("after");
  property.set_value("the graph");
  return b.model();
}

class Skeleton : public FolderTest {
 protected:
  onnx::ModelProto skeleton_of(const std::string& bytes) {
    write_file(file("m.onnx"), bytes);
    return parse_skeleton(file("m.onnx"), "m.onnx", 0);
  }
};

TEST_F(Skeleton, HoldsAllButLargeWeights) {
  const onnx::ModelProto model = model_of_many();
  const onnx::ModelProto skeleton = skeleton_of(serialize(model));
  std::vector<std::string> in_file;
  for (const auto& tensor : skeleton.graph().initializer()) {
    if (!lies_in_file(tensor)) continue;
    in_file.push_back(tensor.name());
    EXPECT_EQ(slice_of(tensor).file, std::filesystem::canonical(file("m.onnx")));
  }
  EXPECT_THAT(in_file, testing::ElementsAre("w257", "w5000", "w70000"));
  ASSERT_EQ(skeleton.graph().initializer_size(), model.graph().initializer_size());
  for (int i = 0; i < model.graph().initializer_size(); ++i) {
    EXPECT_EQ(read_constant(skeleton.graph().initializer(i)),
              read_constant(model.graph().initializer(i)));
  }
}

TEST_F(Skeleton, WritesTheWholeMessageAgain) {
  const std::string bytes = serialize(model_of_many());
  const onnx::ModelProto skeleton = skeleton_of(bytes);
  EXPECT_LT(serialize_skeleton(skeleton).size(), 30000u);
  EXPECT_EQ(serialize(skeleton), bytes);
  EXPECT_EQ(WholeMessage(skeleton).size(), bytes.size());
  EXPECT_EQ(fingerprint(skeleton), fingerprint(bytes));
}

TEST_F(Skeleton, ASmallFileIsReadWhole) {
  write_file(file("m.onnx"), serialize(model_of_many()));
  EXPECT_FALSE(refers_to_files(parse_skeleton(file("m.onnx"), "m")));
}

TEST_F(Skeleton, EveryTruncationIsRefused) {
  const std::string bytes = serialize(model_of_many());
  for (size_t length = 0; length < bytes.size(); length += length < 500 ? 7 : 9973) {
    EXPECT_THROW(skeleton_of(bytes.substr(0, length)), Error) << length;
  }
  EXPECT_THROW(skeleton_of(bytes.substr(0, bytes.size() - 1)), Error);
}

TEST_F(Skeleton, WhatSaysTwiceWhereItsDataAreIsReadByProtobuf) {
  onnx::ModelProto model = model_of_many();
  auto& tensor = *model.mutable_graph()->mutable_initializer(4);
  tensor.add_external_data()->set_key("location");
  const onnx::ModelProto skeleton = skeleton_of(serialize_skeleton(model));
  EXPECT_FALSE(refers_to_files(skeleton));
  EXPECT_EQ(serialize_skeleton(skeleton), serialize_skeleton(model));
}

TEST_F(Skeleton, AFileThatShrinksMeanwhileIsAnError) {
  const onnx::ModelProto skeleton = skeleton_of(serialize(model_of_many()));
  std::filesystem::resize_file(file("m.onnx"), 1000);
  try {
    serialize(skeleton);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("shorter"));
  }
}

}  // namespace
}  // namespace rangefinder::graph
