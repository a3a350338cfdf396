#include "engine/packed_model.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "engine/optimize.h"
#include "engine/session.h"
#include "graph/constants.h"
#include "graph/model_file.h"
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

TEST(PackModel, ThatFitsIsBytes) {
  const ModelSource source = pack_model(wide_model(), "wide.onnx");
  EXPECT_EQ(source.bytes, graph::serialize(wide_model()));
  EXPECT_TRUE(source.data_folder.empty());
  EXPECT_EQ(packed_size(source), source.bytes.size());
  EXPECT_EQ(packed_fingerprint(source), graph::fingerprint(source.bytes));
}

TEST(PackModel, ThatIsTooLargeHasItsWeightsBesideIt) {
  std::filesystem::path folder;
  {
    const ModelSource source = pack_model(wide_model(), "wide.onnx", 2000);
    folder = source.data_folder;
    EXPECT_LT(source.bytes.size(), 2000u);
    EXPECT_EQ(packed_size(source), source.bytes.size() + 2 * 4096);
    EXPECT_EQ(run(source), run(pack_model(wide_model(), "wide.onnx")));
    EXPECT_EQ(graph::serialize(unpack_model(source)), graph::serialize(wide_model()));
    EXPECT_TRUE(std::filesystem::exists(folder));
  }
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(PackModel, AlwaysGivesTheSame) {
  const ModelSource first = pack_model(wide_model(), "", 2000);
  const ModelSource second = pack_model(wide_model(), "", 2000);
  EXPECT_EQ(first.bytes, second.bytes);
  EXPECT_EQ(packed_fingerprint(first), packed_fingerprint(second));
  onnx::ModelProto other = wide_model();
  (*other.mutable_graph()->mutable_initializer(1)->mutable_raw_data())[4000] = 1;
  EXPECT_NE(packed_fingerprint(pack_model(other, "", 2000)), packed_fingerprint(first))
      << "a weight tells models apart, too";
}

TEST(UnpackModel, ReadsWhatTheOptimizerLeftBeside) {
  const ModelSource source = pack_model(wide_model(), "wide.onnx", 2000);
  const ModelSource optimized =
      optimize_model(source, OptimizationLevel::kBasic, {.largest_single_file = 2000});
  const onnx::ModelProto model = unpack_model(optimized);
  for (const auto& tensor : model.graph().initializer()) {
    EXPECT_EQ(tensor.external_data_size(), 0) << tensor.name();
  }
  EXPECT_EQ(run(pack_model(model, "")), run(source));
}

TEST(Runnable, IsTheFileUnlessLoadingRewritesIt) {
  const ModelSource plain(graph::serialize(wide_model()), "");
  EXPECT_EQ(runnable(plain).bytes, plain.bytes);
  onnx::ModelProto trailing = wide_model();
  trailing.mutable_graph()->mutable_node(1)->add_input("");
  const ModelSource given(graph::serialize(trailing), "");
  EXPECT_EQ(runnable(given).bytes, graph::serialize(wide_model()));
  EXPECT_EQ(run(runnable(given)), run(plain));
  EXPECT_THROW(runnable(ModelSource("rubbish", "")), Error);
}

}  // namespace
}  // namespace rangefinder::engine
