#include "engine/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <thread>

#include "base/cancellation.h"
#include "base/error.h"
#include "base/file.h"
#include "engine/temporary_folder.h"
#include "support/onnx_builder.h"

namespace rangefinder::engine {
namespace {

using tensor::ElementType;
using tensor::NamedTensors;
using tensor::Tensor;
using test_support::OnnxBuilder;
using testing::AllOf;
using testing::HasSubstr;

/// y = x * 2 + 1, and the input's shape as an integer output.
OnnxBuilder affine_model() {
  OnnxBuilder b;
  b.input("x", {-1, 3});
  b.initializer("two", {}, std::vector<float>{2});
  b.initializer("one", {}, std::vector<float>{1});
  b.node("Mul", {"x", "two"}, {"double"});
  b.node("Add", {"double", "one"}, {"y"});
  b.node("Shape", {"x"}, {"shape"});
  b.output("y", {-1, 3});
  b.output("shape", {2}, onnx::TensorProto::INT64);
  return b;
}

template <typename Function>
std::string error_of(Function&& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Session, TellsInputsAndOutputs) {
  const Session session(ModelSource(affine_model().bytes(), ""));
  ASSERT_EQ(session.inputs().size(), 1u);
  EXPECT_EQ(session.inputs()[0], (TensorInfo{"x", ElementType::kFloat32, tensor::Shape{-1, 3}}));
  ASSERT_EQ(session.outputs().size(), 2u);
  EXPECT_EQ(session.outputs()[0].name, "y");
  EXPECT_EQ(session.outputs()[1], (TensorInfo{"shape", ElementType::kInt64, tensor::Shape{2}}));
}

TEST(Session, RunsBytesAndFilesAlike) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "affine.onnx";
  write_file(file, affine_model().bytes());
  const NamedTensors sample = {
      {"", Tensor::from_floats({2, 3}, std::vector<float>{0, 1, 2, 3, -1, 0.5})}};
  Session from_bytes(ModelSource(affine_model().bytes(), ""));
  Session from_file{ModelSource(file)};
  const NamedTensors result = from_bytes.run(sample);
  EXPECT_EQ(result.at("y"), Tensor::from_floats({2, 3}, std::vector<float>{1, 3, 5, 7, -1, 2}));
  EXPECT_EQ(result.at("shape").element_count(), 2u);
  EXPECT_EQ(from_file.run(sample), result);
}

TEST(Session, BatchOfZeroGivesAnEmptyOutput) {
  Session session(ModelSource(affine_model().bytes(), ""));
  const auto result = session.run({{"x", Tensor(ElementType::kFloat32, {0, 3})}});
  EXPECT_EQ(result.at("y").shape(), (tensor::Shape{0, 3}));
}

TEST(Session, AnInputWithoutARankIsOpen) {
  OnnxBuilder b = affine_model();
  b.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  b.graph().mutable_output(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  Session session(ModelSource(b.bytes(), ""));
  EXPECT_EQ(session.inputs()[0].shape, std::nullopt);
  EXPECT_EQ(session.run({{"x", Tensor(ElementType::kFloat32, {})}}).at("y").shape(),
            tensor::Shape{});
}

TEST(Session, SequenceOutputsAreLeftOut) {
  OnnxBuilder b;
  b.input("x", {4});
  b.node("SplitToSequence", {"x"}, {"parts"});
  b.node("Relu", {"x"}, {"y"});
  auto* parts = b.graph().add_output();
  parts->set_name("parts");
  parts->mutable_type()
      ->mutable_sequence_type()
      ->mutable_elem_type()
      ->mutable_tensor_type()
      ->set_elem_type(onnx::TensorProto::FLOAT);
  b.output("y", {4});
  Session session(ModelSource(b.bytes(), ""));
  EXPECT_EQ(session.outputs()[0].type, ElementType::kUndefined);
  const auto result = session.run({{"x", Tensor(ElementType::kFloat32, {4})}});
  EXPECT_EQ(result.size(), 1u);
  EXPECT_TRUE(result.contains("y"));
}

TEST(Session, GivesTheOutputsThatAreAskedForWhateverItWasOpenedFor) {
  Session session({affine_model().bytes(), ""}, {.fetch = {"shape"}});
  const NamedTensors sample = {{"x", Tensor::from_floats({1, 3}, std::vector<float>{1, 2, 3})}};
  EXPECT_EQ(session.run(sample).size(), 1u);
  const auto found = session.run_for(std::array<std::string, 2>{"y", "none"}, sample);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found.at("y").floats()[2], 7);
  EXPECT_EQ(session.run_for({}, sample).size(), 2u);
}

TEST(Session, WrongSampleNamesTheSampleFile) {
  Session session(ModelSource(affine_model().bytes(), "affine.onnx"));
  const NamedTensors wrong = {{"x", Tensor(ElementType::kFloat32, {2, 4})}};
  EXPECT_THAT(error_of([&] { session.run(wrong, "cat.npy"); }), HasSubstr("cat.npy"));
}

TEST(Session, AFailingRunNamesModelNodeAndSample) {
  OnnxBuilder b;
  b.input("x", {-1});
  b.input("y", {-1});
  b.node("Add", {"x", "y"}, {"sum"}).proto().set_name("the_sum");
  b.output("sum", {-1});
  Session session(ModelSource(b.bytes(), "sum.onnx"));
  const NamedTensors sample = {{"x", Tensor(ElementType::kFloat32, {2})},
                               {"y", Tensor(ElementType::kFloat32, {3})}};
  EXPECT_THAT(error_of([&] { session.run(sample, "pair.npz"); }),
              AllOf(HasSubstr("sum.onnx"), HasSubstr("pair.npz"), HasSubstr("the_sum")));
}

TEST(Session, WhatIsNotAModelIsAnErrorThatNamesIt) {
  const TemporaryFolder folder;
  const auto text = folder.path() / "text.onnx";
  write_file(text, "this is not a model");
  EXPECT_THAT(error_of([&] { Session{ModelSource(text)}; }), HasSubstr("text.onnx"));
  const auto missing = folder.path() / "missing.onnx";
  EXPECT_THAT(error_of([&] { Session{ModelSource(missing)}; }), HasSubstr("missing.onnx"));
  std::string truncated = affine_model().bytes();
  truncated.resize(truncated.size() / 2);
  EXPECT_THAT(error_of([&] { Session(ModelSource(truncated, "half.onnx")); }),
              HasSubstr("half.onnx"));
  EXPECT_THROW(Session(ModelSource("", "")), Error);
}

/// A loop that runs as good as for ever.
OnnxBuilder endless_model() {
  OnnxBuilder body;
  body.input("i", {}, onnx::TensorProto::INT64);
  body.input("on", {}, onnx::TensorProto::BOOL);
  body.input("v", {2});
  body.node("Identity", {"on"}, {"still_on"});
  body.node("Relu", {"v"}, {"w"});
  body.output("still_on", {}, onnx::TensorProto::BOOL);
  body.output("w", {2});
  OnnxBuilder b;
  b.input("x", {2});
  b.initializer("n", {}, std::vector<int64_t>{int64_t{1} << 62});
  b.node("Loop", {"n", "", "x"}, {"y"}).graph("body", body.graph());
  b.output("y", {2});
  return b;
}

TEST(Session, ARunStopsInItsMiddleWhenCancelled) {
  std::atomic<bool> flag = false;
  const Cancellation heeded(&flag);
  Session session(ModelSource(endless_model().bytes(), "endless.onnx"));
  const std::jthread user([&flag] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    flag = true;
  });
  EXPECT_EQ(error_of([&] {
              session.run({{"x", Tensor::from_floats({2}, std::vector<float>{1, 2})}});
            }),
            "interrupted");
  EXPECT_EQ(error_of([&] { Session(ModelSource(endless_model().bytes(), "endless.onnx")); }),
            "interrupted");
}

TEST(Session, OnlyRegularFilesAreOpened) {
  const TemporaryFolder folder;
  const auto pipe = folder.path() / "pipe.onnx";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(error_of([&] { Session{ModelSource(pipe)}; }), HasSubstr("pipe.onnx: is a pipe"));
}

TEST(Session, FlippedBitsGiveAnErrorOrAModelNeverACrash) {
  const std::string good = affine_model().bytes();
  size_t refused = 0;
  for (size_t i = 0; i < good.size(); i += 7) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
    try {
      const Session session(ModelSource(bad, "bad.onnx"));
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 0u);
}

}  // namespace
}  // namespace rangefinder::engine
