#include "graph/external_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <numeric>

#include "base/error.h"
#include "base/file.h"
#include "engine/temporary_folder.h"
#include "graph/constants.h"
#include "graph/model_file.h"
#include "graph/weights.h"
#include "support/onnx_builder.h"

namespace rangefinder::graph {
namespace {

namespace fs = std::filesystem;

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
    return load_model(folder_.path() / "model.onnx").model;
  }

  std::string refusal() {
    return error_of([this] { load(); });
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
  write_file(folder_.path() / "one.bin", std::string(12, '\0'));
  weight().clear_external_data();
  set_entry(weight(), "location", "./one.bin");
  EXPECT_EQ(load().graph().initializer(0).raw_data().size(), 8u) << "what the shape needs";
  set_entry(weight(), "length", "0");
  EXPECT_EQ(load().graph().initializer(0).raw_data().size(), 8u) << "as ONNX Runtime has it";
}

TEST_F(ExternalData, OfBodiesFunctionsAndSparseTensorsIsReadToo) {
  OnnxBuilder body;
  *body.graph().add_initializer() = weight();
  body.output("w", {2});
  builder_.input("c", {}, onnx::TensorProto::BOOL);
  builder_.node("If", {"c"}, {"i"})
      .graph("then_branch", body.graph())
      .graph("else_branch", body.graph());
  auto& function = *builder_.model().add_functions();
  function.set_name("f");
  *function.add_node() = builder_.graph().node(0);
  auto& sparse = *builder_.graph().add_sparse_initializer();
  sparse.add_dims(8);
  *sparse.mutable_values() = weight();
  sparse.mutable_values()->set_name("s");
  *sparse.mutable_indices() = make_int64s("s_indices", std::vector<int64_t>{0, 7});
  const auto model = load();
  const auto& branch = model.graph().node(model.graph().node_size() - 1).attribute(0).g();
  EXPECT_EQ(read_constant(branch.initializer(0)).floats()[1], 2);
  EXPECT_EQ(read_constant(model.functions(0).node(0).attribute(0).t()).floats()[1], 4);
  EXPECT_EQ(read_constant(model.graph().initializer(1)).floats()[7], 2);
}

TEST_F(ExternalData, MissingFileIsNamed) {
  set_entry(weight(), "location", "nowhere.bin");
  EXPECT_THAT(refusal(),
              AllOf(HasSubstr("nowhere.bin"), HasSubstr("'w'"), HasSubstr("model.onnx")));
}

TEST_F(ExternalData, TooShortFileTellsBothSizes) {
  set_entry(weight(), "offset", "12");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("16 bytes"), HasSubstr("8 from 12")));
  set_entry(weight(), "offset", "99999999999");
  EXPECT_THAT(refusal(), HasSubstr("16 bytes"));
  set_entry(weight(), "offset", "18446744073709551615");
  EXPECT_THAT(refusal(), HasSubstr("16 bytes"));
}

TEST_F(ExternalData, NumbersMustBeNumbers) {
  for (const std::string bad : {"-8", "eight", "8 ", "", "1e3", "99999999999999999999999"}) {
    set_entry(weight(), "length", bad);
    EXPECT_THAT(refusal(), HasSubstr("a number is needed")) << bad;
  }
}

TEST_F(ExternalData, OtherFoldersAreRefused) {
  for (const std::string bad : {"../weights.bin", "/etc/hostname", "a/../../weights.bin", ".."}) {
    set_entry(weight(), "location", bad);
    EXPECT_THAT(refusal(), HasSubstr("outside the model's folder")) << bad;
  }
  std::filesystem::create_directory(folder_.path() / "sub");
  set_entry(weight(), "location", "sub/../weights.bin");
  EXPECT_EQ(refusal(), "no error");
  weight().clear_external_data();
  EXPECT_THAT(refusal(), HasSubstr("without a location"));
}

TEST_F(ExternalData, LinksThatLeadOutsideAreRefused) {
  const fs::path other = folder_.path() / "other";
  fs::create_directory(other);
  write_file(other / "secret", "SECRET-SECRET-SE");
  const fs::path model = folder_.path() / "model";
  fs::create_directory(model);
  fs::create_symlink("../other/secret", model / "w.bin");
  fs::create_symlink(other, model / "sub");
  fs::create_symlink("w.bin", model / "link_to_link");
  for (const char* location : {"w.bin", "sub/secret", "link_to_link", "./sub/../secret"}) {
    set_entry(weight(), "location", location);
    write_file(model / "model.onnx", builder_.bytes());
    EXPECT_THAT(error_of([&] { load_model(model / "model.onnx"); }),
                AllOf(HasSubstr("outside the model's folder"), HasSubstr("'w'")))
        << location;
  }
}

TEST_F(ExternalData, LinksThatStayInsideAreFollowed) {
  fs::create_directory(folder_.path() / "data");
  fs::rename(folder_.path() / "weights.bin", folder_.path() / "data" / "real.bin");
  fs::create_symlink("data/real.bin", folder_.path() / "weights.bin");
  EXPECT_EQ(refusal(), "no error");
  set_entry(weight(), "location", "data/../data/./real.bin");
  EXPECT_EQ(refusal(), "no error");
}

TEST_F(ExternalData, AModelInACacheOfLinksHasItsDataBesideItThere) {
  // snapshots/1/model.onnx and its data are links into blobs/, as the cache of a model hub has it.
  load();
  const fs::path root = folder_.path();
  fs::create_directories(root / "cache" / "snapshots" / "1");
  fs::create_directories(root / "cache" / "blobs");
  fs::rename(root / "model.onnx", root / "cache" / "blobs" / "aa");
  fs::rename(root / "weights.bin", root / "cache" / "blobs" / "bb");
  const fs::path snapshot = root / "cache" / "snapshots" / "1";
  fs::create_symlink("../../blobs/aa", snapshot / "model.onnx");
  fs::create_symlink("../../blobs/bb", snapshot / "weights.bin");
  EXPECT_EQ(error_of([&] { load_model(snapshot / "model.onnx"); }), "no error");
  fs::rename(root / "cache" / "blobs" / "bb", root / "bb");
  fs::remove(snapshot / "weights.bin");
  fs::create_symlink(root / "bb", snapshot / "weights.bin");
  EXPECT_THAT(error_of([&] { load_model(snapshot / "model.onnx"); }),
              HasSubstr("outside the model's folder"));
}

TEST_F(ExternalData, OnlyRegularFilesAreRead) {
  fs::create_directory(folder_.path() / "sub");
  ASSERT_EQ(::mkfifo((folder_.path() / "pipe").c_str(), 0600), 0);
  for (const char* location : {"sub", ".", "pipe"}) {
    set_entry(weight(), "location", location);
    EXPECT_THAT(refusal(), HasSubstr("no regular file")) << location;
  }
  fs::create_symlink("loop", folder_.path() / "loop");
  set_entry(weight(), "location", "loop");
  EXPECT_NE(refusal(), "no error");
  set_entry(weight(), "location", std::string("weights.bin\0x", 13));
  EXPECT_NE(refusal(), "no error");
}

TEST_F(ExternalData, OnlyTheTensorsSliceIsRead) {
  // A sparse file of 3 GiB: reading it all would take that much memory.
  fs::resize_file(folder_.path() / "weights.bin", uintmax_t{3} << 30);
  EXPECT_EQ(load().graph().initializer(0).raw_data().size(), 8u);
  set_entry(weight(), "length", "3221225472");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("3221225472 bytes"), HasSubstr("its shape needs 8")));
  set_entry(weight(), "length", "4");
  EXPECT_THAT(refusal(), HasSubstr("its shape needs 8"));
  weight().set_dims(0, int64_t{1} << 62);
  set_entry(weight(), "length", "0");
  EXPECT_THAT(refusal(), HasSubstr("too many elements"));
  weight().set_dims(0, -2);
  EXPECT_THAT(refusal(), HasSubstr("negative dimension"));
  weight().set_dims(0, 2);
  weight().set_data_type(onnx::TensorProto::STRING);
  EXPECT_THAT(refusal(), HasSubstr("type that cannot be read"));
}

TEST_F(ExternalData, SlicesOfOneFileMayOverlapOnlySoOften) {
  for (int i = 0; i < 3; ++i) *builder_.graph().add_initializer() = weight();
  const std::string bytes = builder_.bytes();
  const auto embed = [&](uint64_t most_bytes) {
    onnx::ModelProto model = parse_model(bytes, "model");
    return error_of([&] { find_external_data(model, folder_.path() / "model.onnx", most_bytes); });
  };
  // Five slices of 8 bytes in a file of 16.
  EXPECT_EQ(embed(24), "no error");
  EXPECT_THAT(embed(23), HasSubstr("40 bytes in files of 16: allowed are 23 more"));
  fs::resize_file(folder_.path() / "weights.bin", uintmax_t{3} << 30);
  weight().set_dims(0, 1 << 30);
  set_entry(weight(), "length", std::to_string(uint64_t{4} << 30));
  EXPECT_THAT(refusal(), HasSubstr("bytes, 4294967296 from 0"));
  weight().set_dims(0, 3 << 28);
  set_entry(weight(), "length", std::to_string(uint64_t{3} << 30));
  EXPECT_EQ(refusal(), "no error") << "nothing of it is read";
  auto& attribute = *builder_.graph().mutable_node(0)->mutable_attribute(0)->mutable_t();
  attribute = weight();
  weight().set_dims(0, 2);
  set_entry(weight(), "length", "8");
  EXPECT_THAT(refusal(), HasSubstr("beyond 2 GiB"));
}

TEST_F(ExternalData, LargeWeightsStayWhereTheyAre) {
  std::vector<float> values(1000);
  std::iota(values.begin(), values.end(), 0.0f);
  write_file(folder_.path() / "weights.bin",
             {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
  weight().set_dims(0, 500);
  set_entry(weight(), "offset", "2000");
  set_entry(weight(), "length", "2000");
  const auto model = load();
  const onnx::TensorProto& found = model.graph().initializer(0);
  EXPECT_TRUE(found.raw_data().empty());
  const FileSlice slice = slice_of(found);
  EXPECT_EQ(slice.file, fs::canonical(folder_.path()) / "weights.bin");
  EXPECT_EQ(slice.offset, 2000u);
  EXPECT_EQ(read_constant(found).floats()[499], 999.0f);
  fs::resize_file(folder_.path() / "weights.bin", 3999);
  EXPECT_THAT(error_of([&] { read_constant(found); }),
              AllOf(HasSubstr("weights.bin"), HasSubstr("shorter")));
}

TEST_F(ExternalData, TypesThatNothingComputesWithAreReadWhole) {
  weight().set_data_type(22);  // int4
  weight().set_dims(0, 3);
  set_entry(weight(), "length", "2");
  EXPECT_EQ(load().graph().initializer(0).raw_data().size(), 2u);
}

}  // namespace
}  // namespace rangefinder::graph
