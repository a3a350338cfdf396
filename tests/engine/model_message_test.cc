#include "engine/model_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include "base/error.h"
#include "base/file.h"
#include "engine/temporary_folder.h"
#include "support/onnx_builder.h"

namespace rangefinder::engine {
namespace {

using testing::HasSubstr;

TEST(ModelMessage, IsThatOfTheBytesOrElseOfTheFile) {
  test_support::OnnxBuilder b;
  b.input("x", {1});
  const TemporaryFolder folder;
  const auto file = folder.path() / "model.onnx";
  write_file(file, b.bytes());
  EXPECT_EQ(parse_message(ModelSource(file)).graph().input(0).name(), "x");
  b.graph().mutable_input(0)->set_name("y");
  EXPECT_EQ(parse_message(ModelSource(b.bytes(), file)).graph().input(0).name(), "y");
}

TEST(ModelMessage, WhatIsNoModelIsAnErrorThatNamesTheFile) {
  try {
    parse_message(ModelSource("no model", "broken.onnx"));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("broken.onnx"));
  }
}

TEST(ModelMessage, AnotherMessageKeepsTheFilesBesideIt) {
  test_support::OnnxBuilder b;
  b.input("x", {1});
  const auto folder = std::make_shared<TemporaryFolder>();
  const ModelSource model("old", "model.onnx", folder->path(), folder);
  const ModelSource replaced = with_message(model, b.model());
  EXPECT_EQ(replaced.bytes, b.bytes());
  EXPECT_EQ(replaced.file, "model.onnx");
  EXPECT_EQ(replaced.folder(), folder->path());
  EXPECT_EQ(replaced.temporary, folder);
}

}  // namespace
}  // namespace rangefinder::engine
