#include "data/npy_stack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "base/error.h"
#include "base/file.h"
#include "data/npy.h"
#include "data/stacked_samples.h"
#include "data/temporary_folder.h"

namespace rangefinder::data {
namespace {

using tensor::Shape;
using tensor::Tensor;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

Tensor values(const Shape& shape, const std::vector<float>& elements) {
  return Tensor::from_floats(shape, elements);
}

class NpyStackTest : public testing::Test {
 protected:
  std::shared_ptr<const SampleSource> open(const std::vector<Tensor>& files,
                                           const std::vector<TensorInfo>& inputs) const {
    std::vector<std::filesystem::path> paths;
    for (const auto& array : files) {
      paths.push_back(folder_ / (std::to_string(paths.size()) + ".npy"));
      write_npy(paths.back(), array.view());
    }
    return open_samples(paths)->for_inputs(inputs);
  }

  static std::vector<TensorInfo> input(const Shape& shape) {
    return {{.name = "x", .type = {}, .shape = shape}};
  }

  TemporaryFolder folder_;
};

TEST_F(NpyStackTest, AnArrayOfManyIsCutIntoSamples) {
  const auto source =
      open({counting({3, 2}), counting({1, 2}), counting({2, 1, 2})}, input({1, 2}));
  ASSERT_EQ(source->size(), 6u) << "a file may hold one sample, or have a dimension more";
  EXPECT_EQ(source->read(1), (tensor::NamedTensors{{"", values({1, 2}, {2, 3})}}));
  EXPECT_EQ(source->read(3).at(""), values({1, 2}, {0, 1}));
  EXPECT_EQ(source->read(5).at(""), values({1, 2}, {2, 3}));
  EXPECT_EQ(source->read(0).at(""), values({1, 2}, {0, 1})) << "backwards";
  EXPECT_EQ(source->name(1), (folder_ / "0.npy").string() + "[1]");
  EXPECT_THROW(source->read(6), std::invalid_argument);
}

TEST_F(NpyStackTest, ADimensionMoreIsASampleEachAlsoForAnOpenBatch) {
  const auto source = open({counting({3, 4, 2})}, input({-1, 2}));
  ASSERT_EQ(source->size(), 3u);
  EXPECT_EQ(source->read(2).at("").shape(), (Shape{4, 2}));
  EXPECT_EQ(source->read(2).at("").floats()[0], 16);
}

TEST_F(NpyStackTest, WhatTheInputTakesAsItIsStaysOneSample) {
  EXPECT_EQ(open({counting({1, 2})}, input({1, 2})), nullptr);
  EXPECT_EQ(open({counting({64, 2})}, input({-1, 2})), nullptr) << "a batch of 64";
  EXPECT_EQ(open({counting({64, 3})}, input({1, 2})), nullptr) << "whoever binds it tells";
  EXPECT_EQ(open({counting({1, 2}), counting({64, 2})}, input({1, 2})), nullptr)
      << "the first file tells";
  EXPECT_EQ(open({counting({64, 2})}, {{.name = "x", .type = {}, .shape = Shape{1, 2}},
                                       {.name = "y", .type = {}, .shape = Shape{1, 2}}}),
            nullptr);
}

TEST_F(NpyStackTest, ElementsOfEveryOrderOfBytesAreRead) {
  std::string swapped = npy_bytes(counting({3, 2}).view());
  swapped.replace(swapped.find("<f4"), 3, ">f4");
  for (size_t i = swapped.size() - 24; i < swapped.size(); i += 4) {
    std::reverse(swapped.begin() + static_cast<ptrdiff_t>(i),
                 swapped.begin() + static_cast<ptrdiff_t>(i + 4));
  }
  write_file(folder_ / "s.npy", swapped);
  const auto source = open_samples({folder_ / "s.npy"})->for_inputs(input({1, 2}));
  EXPECT_EQ(source->read(2).at(""), values({1, 2}, {4, 5}));
}

TEST_F(NpyStackTest, FortranOrderDamageAndEmptyStacksAreRefused) {
  std::string fortran = npy_bytes(counting({3, 2}).view());
  fortran.replace(fortran.find("False"), 5, "True ");
  write_file(folder_ / "f.npy", fortran);
  const auto source = open_samples({folder_ / "f.npy"})->for_inputs(input({1, 2}));
  EXPECT_THAT([&] { source->read(1); },
              ThrowsMessage<Error>(AllOf(HasSubstr("f.npy"), HasSubstr("Fortran order"))));
  EXPECT_THAT(
      [&] {
        open({counting({0, 1, 2})}, input({1, 2}));
      },
      ThrowsMessage<Error>(HasSubstr("holds no samples")));
  write_file(folder_ / "a.npy", npy_bytes(counting({3, 2}).view()));
  write_file(folder_ / "b.npy", "no array");
  EXPECT_THAT(
      [&] {
        open_samples({folder_ / "a.npy", folder_ / "b.npy"})->for_inputs(input({1, 2}));
      },
      ThrowsMessage<Error>(HasSubstr("b.npy: not a .npy file")));
  EXPECT_EQ(open_samples({folder_ / "b.npy"})->for_inputs(input({1, 2})), nullptr)
      << "whoever reads it tells";
}

TEST_F(NpyStackTest, HeadersAreSeenBeforeElements) {
  const auto source = open({counting({3, 2})}, input({1, 2}));
  const HeaderCheck refuse = [](const NamedHeaders& headers) {
    EXPECT_EQ(headers.at("").shape, (Shape{1, 2}));
    throw Error("not wanted");
  };
  EXPECT_THAT([&] { source->read_checked(1, refuse); },
              ThrowsMessage<Error>(AllOf(HasSubstr("0.npy[1]"), HasSubstr("not wanted"))));
}

TEST_F(NpyStackTest, IsReadByThreadsAtOnce) {
  expect_read_by_threads(*open({counting({64, 2}), counting({64, 2})}, input({1, 2})), "");
}

}  // namespace
}  // namespace rangefinder::data
