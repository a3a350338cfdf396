#include "data/npz_stack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "base/error.h"
#include "base/file.h"
#include "data/npz.h"
#include "data/stacked_samples.h"
#include "data/temporary_folder.h"

namespace rangefinder::data {
namespace {

using tensor::NamedTensors;
using tensor::Shape;
using tensor::Tensor;
using testing::HasSubstr;
using testing::ThrowsMessage;

class NpzStackTest : public testing::Test {
 protected:
  std::shared_ptr<const SampleSource> open(const std::vector<NamedTensors>& files,
                                           const std::vector<TensorInfo>& inputs) const {
    std::vector<std::filesystem::path> paths;
    for (const auto& arrays : files) {
      paths.push_back(folder_ / (std::to_string(paths.size()) + ".npz"));
      write_npz(paths.back(), arrays);
    }
    const auto source = open_samples(paths);
    return source->for_inputs(inputs);
  }

  void expect_error(const std::vector<NamedTensors>& files, const std::vector<TensorInfo>& inputs,
                    const std::string& text) const {
    EXPECT_THAT([&] { open(files, inputs); }, ThrowsMessage<Error>(HasSubstr(text)));
  }

  static TensorInfo input(const std::string& name, const Shape& shape) {
    return {.name = name, .type = {}, .shape = shape};
  }

  TemporaryFolder folder_;
};

TEST_F(NpzStackTest, ArraysOfInputsAreCutIntoSamples) {
  const auto source = open({{{"x", counting({3, 2})}, {"y", counting({3, 1, 1})}},
                            {{"x", counting({1, 2})}, {"y", counting({1, 1})}}},
                           {input("x", {1, 2}), input("y", {1, 1})});
  ASSERT_EQ(source->size(), 4u) << "a file may hold one sample";
  EXPECT_EQ(source->read(1),
            (NamedTensors{{"x", Tensor::from_floats({1, 2}, std::vector<float>{2, 3})},
                          {"y", Tensor::from_floats({1, 1}, std::vector<float>{1})}}));
  EXPECT_EQ(source->read(3).at("x"), counting({1, 2}));
  EXPECT_EQ(source->name(1), (folder_ / "0.npz").string() + "[1]");
  EXPECT_EQ(source->name(3), (folder_ / "1.npz").string() + "[0]");
  EXPECT_THROW(source->read(4), std::invalid_argument);
  EXPECT_NE(source->fingerprint(), open_samples({folder_.path()})->fingerprint());
}

TEST_F(NpzStackTest, NumberedArraysAreSamplesOfTheOnlyInput) {
  NamedTensors arrays;
  for (int i = 0; i < 12; ++i) arrays["arr_" + std::to_string(i)] = counting({i + 1, 2});
  const auto source = open({arrays}, {input("x", {-1, 2})});
  ASSERT_EQ(source->size(), 12u);
  EXPECT_EQ(source->read(10), (NamedTensors{{"", counting({11, 2})}})) << "by number, not by name";
  const auto stack = open({{{"arr_0", counting({5, 2})}}}, {input("x", {1, 2})});
  ASSERT_EQ(stack->size(), 5u);
  EXPECT_EQ(stack->read(4).at(""), Tensor::from_floats({1, 2}, std::vector<float>{8, 9}));
}

TEST_F(NpzStackTest, FilesOfOneSampleStayWhatTheyAre) {
  EXPECT_EQ(open({{{"x", counting({1, 2})}}}, {input("x", {1, 2})}), nullptr);
  EXPECT_EQ(open({{{"x", counting({9, 2})}}}, {input("x", {-1, 2})}), nullptr) << "a batch";
  EXPECT_EQ(open({{{"other", counting({9, 2})}}}, {input("x", {1, 2})}), nullptr)
      << "whoever binds it tells";
  EXPECT_EQ(open({{{"arr_0", counting({1, 2})}, {"arr_1", counting({1, 2})}}},
                 {input("x", {1, 2}), input("y", {1, 2})}),
            nullptr);
  EXPECT_EQ(open({{{"arr_0", counting({1, 2})}}}, {input("arr_0", {1, 2})}), nullptr);
}

TEST_F(NpzStackTest, WhatIsNotClearIsRefused) {
  const std::vector<TensorInfo> inputs = {input("x", {1, 2}), input("y", {1})};
  expect_error({{{"x", counting({3, 2})}, {"y", counting({2})}}}, inputs,
               "0.npz: 'x' holds 3 samples, 'y' 2 samples: all arrays must hold as many");
  expect_error({{{"x", counting({3, 2})}, {"y", counting({1})}}}, inputs, "'y' one sample");
  expect_error({{{"x", counting({3, 2})}}, {{"z", counting({3, 2})}}}, {input("x", {1, 2})},
               "1.npz: its arrays have other names than the inputs of");
  expect_error({{{"x", counting({0, 1, 2})}}}, {input("x", {1, 2})}, "holds no samples");
}

TEST_F(NpzStackTest, HeadersAreSeenBeforeElements) {
  const HeaderCheck refuse = [](const NamedHeaders& headers) {
    EXPECT_EQ(headers.begin()->second.shape, (Shape{1, 2}));
    throw Error("not wanted");
  };
  for (const char* name : {"x", "arr_0"}) {
    const auto source = open({{{name, counting({3, 2})}}}, {input("x", {1, 2})});
    EXPECT_THAT([&] { source->read_checked(1, refuse); },
                ThrowsMessage<Error>(HasSubstr("not wanted")));
  }
}

TEST_F(NpzStackTest, IsReadByThreadsAtOnce) {
  expect_read_by_threads(
      *open({{{"x", counting({64, 2})}}, {{"x", counting({64, 2})}}}, {input("x", {1, 2})}), "x");
}

}  // namespace
}  // namespace rangefinder::data
