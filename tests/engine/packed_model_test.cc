#include "engine/packed_model.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "engine/session.h"
#include "engine/temporary_folder.h"
#include "graph/constants.h"
#include "graph/model_file.h"
#include "graph/weights.h"
#include "support/onnx_builder.h"

namespace rangefinder::engine {
namespace {

using tensor::Tensor;
using test_support::OnnxBuilder;

/// Two weights of 4 KiB in raw bytes, and a small one.
onnx::ModelProto wide_model() {
  OnnxBuilder b;
  b.input("x", {-1, 32});
  for (const char* name : {"w1", "w2"}) {
    std::vector<float> values(32 * 32);
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 7) - 3;
    *b.graph().add_initializer() = graph::make_floats(name, {32, 32}, values);
  }
  b.weights("b", {32});
  b.node("MatMul", {"x", "w1"}, {"m"});
  b.node("Add", {"m", "b"}, {"a"});
  b.node("MatMul", {"a", "w2"}, {"y"});
  b.output("y", {-1, 32});
  return b.model();
}

Tensor run(const ModelSource& source) {
  Tensor x(tensor::ElementType::kFloat32, {2, 32});
  float next = 0;
  for (float& value : x.floats()) value = next += 0.25f;
  return Session(source).run({{"x", x}}).at("y");
}

std::vector<std::filesystem::path> files_of(const onnx::ModelProto& model) {
  std::vector<std::filesystem::path> files;
  for (const auto& tensor : model.graph().initializer()) {
    if (graph::lies_in_file(tensor)) files.push_back(graph::slice_of(tensor).file);
  }
  return files;
}

TEST(PackWholeModel, ThatIsSmallIsBytes) {
  const ModelSource source = pack_whole_model(wide_model(), "wide.onnx");
  EXPECT_EQ(source.bytes, graph::serialize(wide_model()));
  EXPECT_EQ(source.name(), "wide.onnx");
  EXPECT_TRUE(source.held.empty());
}

TEST(PackWholeModel, ThatIsLargeHasItsWeightsInAFolderOfItsOwn) {
  std::filesystem::path file;
  {
    const ModelSource source = pack_whole_model(wide_model(), "wide.onnx", 2000);
    EXPECT_LT(source.bytes.size(), 2000u);
    EXPECT_EQ(run(source), run(pack_model(wide_model(), "wide.onnx")));
    const onnx::ModelProto model = parse_model(source);
    ASSERT_EQ(files_of(model).size(), 2u) << "the bias is small";
    EXPECT_EQ(graph::serialize(model), graph::serialize(wide_model()));
    file = files_of(model).front();
    EXPECT_TRUE(std::filesystem::exists(file));
  }
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(PackWholeModel, TakesWhatLiesInFilesOfOthersAlong) {
  const ModelSource first = pack_whole_model(wide_model(), "", 2000);
  onnx::ModelProto mixed = parse_model(first);
  *mixed.mutable_graph()->mutable_initializer(0) = wide_model().graph().initializer(0);
  const ModelSource second = pack_whole_model(mixed, "", 2000);
  for (const auto& file : files_of(parse_model(second))) {
    EXPECT_NE(file, files_of(parse_model(first)).front());
  }
  EXPECT_EQ(run(second), run(first));
}

TEST(MoveWeightsToFile, LeavesTheModelWhatItIs) {
  HeldModel model{wide_model()};
  move_weights_to_file(model);
  EXPECT_TRUE(model.held.empty()) << "too little to be worth it";
  move_weights_to_file(model, 2000);
  EXPECT_EQ(files_of(model.model).size(), 2u);
  EXPECT_EQ(graph::serialize(model.model), graph::serialize(wide_model()));
  EXPECT_EQ(graph::fingerprint(model.model), graph::fingerprint(wide_model()));
  EXPECT_EQ(run(pack_model(model.model, "", model.held)), run(pack_model(wide_model(), "")));
}

TEST(Runnable, IsWhatLoadingMakesOfIt) {
  const ModelSource plain(graph::serialize(wide_model()), "");
  EXPECT_EQ(runnable(plain).bytes, plain.bytes);
  onnx::ModelProto trailing = wide_model();
  trailing.mutable_graph()->mutable_node(1)->add_input("");
  const ModelSource given(graph::serialize(trailing), "");
  EXPECT_EQ(runnable(given).bytes, graph::serialize(wide_model()));
  EXPECT_EQ(run(runnable(given)), run(plain));
  EXPECT_THROW(runnable(ModelSource("rubbish", "")), Error);
}

/// A model of more than 1 MiB, of which the larger part is one weight.
onnx::ModelProto large_model() {
  onnx::ModelProto model = wide_model();
  const std::vector<float> unread(1 << 19, 0.5f);
  *model.mutable_graph()->add_initializer() = graph::make_floats("unread", {1 << 19}, unread);
  return model;
}

TEST(Runnable, TakesTheWeightsOfALargeFileFromThere) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "model.onnx";
  write_file(file, graph::serialize(large_model()));
  const ModelSource source = runnable(ModelSource(file));
  EXPECT_LT(source.bytes.size(), 2000u);
  EXPECT_EQ(files_of(parse_model(source)),
            std::vector(3, std::filesystem::canonical(folder.path()) / "model.onnx"));
  EXPECT_EQ(run(source), run(ModelSource(file)));
}

}  // namespace
}  // namespace rangefinder::engine
