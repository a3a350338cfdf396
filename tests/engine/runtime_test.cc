#include "engine/runtime.h"

#include <gtest/gtest.h>

#include <array>

namespace rangefinder::engine {
namespace {

using tensor::ElementType;
using tensor::Tensor;

TEST(Runtime, ThereIsOneEnvironment) { EXPECT_EQ(&environment(), &environment()); }

TEST(Runtime, OptionsReachTheRuntime) {
  const ModelSource model("bytes", "/models/net.onnx");
  Ort::SessionOptions options =
      runtime_options(model, {.save_optimized = "out.onnx", .save_data_as = "out.data"});
  EXPECT_EQ(options.GetConfigEntry("session.model_external_initializers_file_folder_path"),
            "/models");
  EXPECT_EQ(options.GetConfigEntry("session.optimized_model_external_initializers_file_name"),
            "out.data");
  EXPECT_EQ(options.GetConfigEntry("session.disable_prepacking"), "1");
  Ort::SessionOptions plain = runtime_options(ModelSource("net.onnx"), {});
  EXPECT_FALSE(plain.HasConfigEntry("session.model_external_initializers_file_folder_path"));
  EXPECT_FALSE(plain.HasConfigEntry("session.disable_prepacking"));
}

TEST(Runtime, TensorsAreBorrowedAndCopied) {
  const Tensor floats = Tensor::from_floats({2, 3}, std::array{1.f, 2.f, 3.f, 4.f, 5.f, 6.f});
  const Ort::Value borrowed = borrow(floats.view());
  EXPECT_EQ(borrowed.GetTensorRawData(), floats.bytes().data());
  EXPECT_EQ(copy(borrowed), floats);
  for (const ElementType type : {ElementType::kInt64, ElementType::kFloat16, ElementType::kBool}) {
    const Tensor empty(type, {0, 4});
    EXPECT_EQ(copy(borrow(empty.view())), empty);
    const Tensor scalar(type, {});
    EXPECT_EQ(copy(borrow(scalar.view())), scalar);
  }
}

}  // namespace
}  // namespace rangefinder::engine
