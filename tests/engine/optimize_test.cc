#include "engine/optimize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>
#include <sys/resource.h>

#include <csignal>
#include <set>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "engine/temporary_folder.h"
#include "graph/weights.h"
#include "support/onnx_builder.h"

namespace rangefinder::engine {
namespace {

using tensor::ElementType;
using tensor::Tensor;
using test_support::OnnxBuilder;

/// Conv, BatchNormalization, Relu, and weights that are computed from constants.
OnnxBuilder conv_model() {
  OnnxBuilder b;
  b.input("x", {-1, 3, 8, 8});
  b.weights("half", {8, 3, 3, 3}, 0.25f);
  b.node("Add", {"half", "half"}, {"w"});
  b.node("Conv", {"x", "w"}, {"c"}).ints("pads", {1, 1, 1, 1});
  for (const char* name : {"scale", "bias", "mean"}) b.weights(name, {8});
  b.initializer("variance", {8}, std::vector<float>(8, 2.0f));
  b.node("BatchNormalization", {"c", "scale", "bias", "mean", "variance"}, {"n"});
  b.node("Relu", {"n"}, {"y"});
  b.output("y", {-1, 8, 8, 8});
  return b;
}

std::multiset<std::string> operators(const HeldModel& model) {
  std::multiset<std::string> types;
  for (const auto& node : model.model.graph().node()) types.insert(node.op_type());
  return types;
}

Session open(const HeldModel& model) { return Session(pack_model(model.model, "", model.held)); }

Tensor ramp() {
  Tensor x(ElementType::kFloat32, {1, 3, 8, 8});
  float next = -1;
  for (float& value : x.floats()) value = next += 0.01f;
  return x;
}

TEST(Optimize, BasicFoldsConstantsAndBatchNormalization) {
  const ModelSource model(conv_model().bytes(), "conv.onnx");
  EXPECT_EQ(operators(optimize_model(model, OptimizationLevel::kBasic)),
            (std::multiset<std::string>{"Conv", "Relu"}));
}

TEST(Optimize, HigherLevelsFuse) {
  const ModelSource model(conv_model().bytes(), "");
  EXPECT_EQ(operators(optimize_model(model, OptimizationLevel::kExtended)),
            std::multiset<std::string>{"FusedConv"});
}

TEST(Optimize, ComputesTheSameUpToRounding) {
  const ModelSource model(conv_model().bytes(), "");
  Session original(model, {.optimization = OptimizationLevel::kNone});
  Session optimized = open(optimize_model(model, OptimizationLevel::kBasic));
  const Tensor expected = original.run({{"x", ramp()}}).at("y");
  const Tensor found = optimized.run({{"x", ramp()}}).at("y");
  ASSERT_EQ(expected.shape(), found.shape());
  for (size_t i = 0; i < expected.element_count(); ++i) {
    EXPECT_NEAR(expected.floats()[i], found.floats()[i], 1e-5);
  }
}

OnnxBuilder plain_conv_model() {
  OnnxBuilder b;
  b.input("x", {-1, 3, 8, 8});
  b.weights("w", {16, 3, 3, 3}, 0.25f);
  b.node("Conv", {"x", "w"}, {"y"}).ints("pads", {1, 1, 1, 1});
  b.output("y", {-1, 16, 8, 8});
  return b;
}

/// The model with its convolution weights in a file beside it.
void write_with_external_data(const std::filesystem::path& file) {
  OnnxBuilder b = plain_conv_model();
  auto* weights = b.graph().mutable_initializer(0);
  std::string raw;
  for (const float value : weights->float_data()) {
    raw.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  write_file(file.parent_path() / "weights.bin", raw);
  weights->clear_float_data();
  weights->set_data_location(onnx::TensorProto::EXTERNAL);
  auto* location = weights->add_external_data();
  location->set_key("location");
  location->set_value("weights.bin");
  write_file(file, b.bytes());
}

TEST(Optimize, ExternalDataIsFoundFromAFileAndFromBytes) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "model.onnx";
  write_with_external_data(file);
  const Tensor expected =
      Session(ModelSource(plain_conv_model().bytes(), "")).run({{"x", ramp()}}).at("y");
  for (const ModelSource& model : {ModelSource(file), ModelSource(read_file(file), file)}) {
    EXPECT_EQ(Session(model).run({{"x", ramp()}}).at("y"), expected);
    EXPECT_EQ(open(optimize_model(model, OptimizationLevel::kBasic)).run({{"x", ramp()}}).at("y"),
              expected);
  }
}

/// Where the larger weights lie.
std::set<std::filesystem::path> files_of(const HeldModel& model) {
  std::set<std::filesystem::path> files;
  for (const auto& tensor : model.model.graph().initializer()) {
    if (graph::lies_in_file(tensor)) files.insert(graph::slice_of(tensor).file);
  }
  return files;
}

TEST(Optimize, WhatStaysAsItIsStaysInItsFile) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "model.onnx";
  write_with_external_data(file);
  const HeldModel basic = optimize_model(ModelSource(file), OptimizationLevel::kBasic);
  EXPECT_EQ(files_of(basic), std::set{std::filesystem::canonical(folder.path()) / "weights.bin"});
  EXPECT_TRUE(basic.held.empty()) << "nothing was written for it";
}

TEST(Optimize, WeightsThatAreWrittenAnewAreInAFolderThatTheResultHolds) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "model.onnx";
  write_with_external_data(file);
  const Tensor expected = Session(ModelSource(file)).run({{"x", ramp()}}).at("y");
  std::filesystem::path data;
  {
    const HeldModel all =
        optimize_model(ModelSource(file), OptimizationLevel::kAll, {.most_bytes_in_message = 100});
    const auto files = files_of(all);
    ASSERT_EQ(files.size(), 1u);
    data = *files.begin();
    EXPECT_EQ(data.extension(), ".data");
    EXPECT_TRUE(std::filesystem::exists(data));
    const ModelSource packed = pack_model(all.model, "", all.held);
    EXPECT_LT(packed.bytes.size(), 1500u);
    Session session(packed, {.optimization = OptimizationLevel::kNone});
    EXPECT_EQ(session.run({{"x", ramp()}}).at("y"), expected);
    const HeldModel again =
        optimize_model(packed, OptimizationLevel::kNone, {.most_bytes_in_message = 100});
    EXPECT_EQ(files_of(again), files);
  }
  EXPECT_FALSE(std::filesystem::exists(data));
}

TEST(Optimize, MissingExternalDataIsAnError) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "model.onnx";
  write_with_external_data(file);
  std::filesystem::remove(folder.path() / "weights.bin");
  EXPECT_THROW(optimize_model(ModelSource(file), OptimizationLevel::kBasic), Error);
}

TEST(Optimize, NoRoomForTemporaryFilesIsNotBlamedOnTheModel) {
  const std::string model = conv_model().bytes();
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small = {500, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  std::string message;
  try {
    optimize_model(ModelSource(model, "model.onnx"), OptimizationLevel::kBasic);
  } catch (const Error& error) {
    message = error.what();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(message, testing::HasSubstr("TMPDIR"));
  EXPECT_THAT(message, testing::Not(testing::HasSubstr("model.onnx")));
}

}  // namespace
}  // namespace rangefinder::engine
