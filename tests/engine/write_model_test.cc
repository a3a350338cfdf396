#include "engine/write_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/folder_fixture.h"
#include "engine/packed_model.h"
#include "engine/session.h"
#include "graph/constants.h"
#include "graph/model_file.h"
#include "graph/weights.h"
#include "support/onnx_builder.h"

namespace rangefinder::engine {
namespace {

using testing::ElementsAre;

/// y = (x w) v: two weights of 4 KiB.
onnx::ModelProto two_products() {
  test_support::OnnxBuilder b;
  b.input("x", {-1, 32});
  for (const char* name : {"w", "v"}) {
    std::vector<float> values(32 * 32);
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 7) - 3;
    *b.graph().add_initializer() = graph::make_floats(name, {32, 32}, values);
  }
  b.node("MatMul", {"x", "w"}, {"m"});
  b.node("MatMul", {"m", "v"}, {"y"});
  b.output("y", {-1, 32});
  return b.model();
}

tensor::Tensor run(const ModelSource& model) {
  tensor::Tensor x(tensor::ElementType::kFloat32, {1, 32});
  float next = 0;
  for (float& value : x.floats()) value = next += 0.25f;
  return Session(model).run({{"x", x}}).at("y");
}

class WriteModel : public FolderTest {
 protected:
  void write(const ModelSource& model, uint64_t largest_file) {
    PendingFiles files;
    add_model(files, file("out.onnx"), model, largest_file);
    files.commit();
  }
};

TEST_F(WriteModel, OneFileHoldsAllOfIt) {
  write(pack_whole_model(two_products(), "", 100), 100'000);
  EXPECT_THAT(names(), ElementsAre("out.onnx"));
  EXPECT_EQ(read_file(file("out.onnx")), graph::serialize(two_products()));
}

TEST_F(WriteModel, ThatIsTooLargeHasItsWeightsBesideIt) {
  const ModelSource source = pack_whole_model(two_products(), "", 100);
  write(source, 1000);
  EXPECT_THAT(names(), ElementsAre("out.onnx", "out.onnx.data"));
  EXPECT_LT(std::filesystem::file_size(file("out.onnx")), 1000u);
  const onnx::ModelProto written = graph::parse_model(read_file(file("out.onnx")), "out.onnx");
  EXPECT_EQ(written.graph().initializer(1).external_data(0).value(), "out.onnx.data")
      << "a name that goes where the files go";
  EXPECT_EQ(run(file("out.onnx")), run(source)) << "as ONNX Runtime reads it";
  EXPECT_EQ(graph::serialize(graph::load_model(file("out.onnx")).model),
            graph::serialize(two_products()));
}

TEST_F(WriteModel, NothingIsWrittenUnlessAllIs) {
  const ModelSource source = pack_whole_model(two_products(), "", 100);
  std::filesystem::create_directory(file("out.onnx"));
  EXPECT_ANY_THROW(write(source, 1000));
  EXPECT_THAT(names(), ElementsAre("out.onnx"));
}

TEST_F(WriteModel, WholeBytesAreThoseOfTheFile) {
  const std::string bytes = graph::serialize(two_products());
  write_file(file("m.onnx"), bytes);
  EXPECT_EQ(whole_bytes(file("m.onnx")), bytes);
  EXPECT_EQ(whole_size(pack_whole_model(two_products(), "", 100)), bytes.size());
  EXPECT_EQ(whole_bytes(pack_whole_model(two_products(), "", 100)), bytes);
  EXPECT_EQ(whole_bytes({bytes, ""}), bytes);
}

}  // namespace
}  // namespace rangefinder::engine
