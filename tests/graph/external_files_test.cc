#include "graph/external_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "engine/temporary_folder.h"
#include "support/onnx_builder.h"

namespace rangefinder::graph {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;
using testing::IsEmpty;

onnx::TensorProto in_file(const std::string& file) {
  onnx::TensorProto tensor;
  tensor.set_name("in " + file);
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  auto* entry = tensor.add_external_data();
  entry->set_key("location");
  entry->set_value(file);
  return tensor;
}

OnnxBuilder one_node() {
  OnnxBuilder b;
  b.input("x", {2});
  b.node("Relu", {"x"}, {"y"});
  b.output("y", {2});
  return b;
}

TEST(ExternalFiles, AreFoundWhereverAModelKeepsTensors) {
  const engine::TemporaryFolder folder;
  const auto path = folder.path() / "model.onnx";
  onnx::ModelProto model = one_node().model();
  auto& graph = *model.mutable_graph();
  *graph.add_initializer() = in_file("1");
  *graph.add_initializer() = in_file("1");
  auto& sparse = *graph.add_sparse_initializer();
  *sparse.mutable_values() = in_file("2");
  *sparse.mutable_indices() = in_file("3");
  auto& attribute = *graph.mutable_node(0)->add_attribute();
  *attribute.mutable_t() = in_file("sub/4");
  *attribute.add_tensors() = in_file("5");
  *attribute.mutable_sparse_tensor()->mutable_values() = in_file("6");
  *attribute.add_sparse_tensors()->mutable_values() = in_file("7");
  *attribute.mutable_g()->add_initializer() = in_file("8");
  *attribute.add_graphs()->add_initializer() = in_file("9");
  *model.add_functions()->add_node()->add_attribute()->mutable_t() = in_file("a");
  write_file(path, model.SerializeAsString());
  std::vector<std::string> names;
  for (const auto& file : external_files(path)) {
    names.push_back(file.lexically_relative(folder.path()).string());
  }
  EXPECT_THAT(names, ElementsAre("1", "2", "3", "5", "6", "7", "8", "9", "a", "sub/4"));
}

TEST(ExternalFiles, MostModelsHaveNone) {
  const engine::TemporaryFolder folder;
  write_file(folder.path() / "model.onnx", one_node().bytes());
  EXPECT_THAT(external_files(folder.path() / "model.onnx"), IsEmpty());
  write_file(folder.path() / "text.onnx", "no model");
  EXPECT_THROW(external_files(folder.path() / "text.onnx"), Error);
  EXPECT_THROW(external_files(folder.path() / "none.onnx"), Error);
}

}  // namespace
}  // namespace rangefinder::graph
