#include "graph/constants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "base/error.h"
#include "graph/graph.h"
#include "support/onnx_builder.h"

namespace rangefinder::graph {
namespace {

using tensor::ElementType;
using testing::HasSubstr;

std::string error_of(const onnx::TensorProto& constant) {
  try {
    read_constant(constant);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

onnx::TensorProto header(int32_t type, const std::vector<int64_t>& dims) {
  onnx::TensorProto constant;
  constant.set_name("c");
  constant.set_data_type(type);
  for (const int64_t d : dims) constant.add_dims(d);
  return constant;
}

TEST(FindConstant, KnowsInitializersAndConstantNodes) {
  test_support::OnnxBuilder b;
  b.input("x", {1});
  b.weights("w", {1});
  b.node("Constant", {}, {"c"})
      .tensor("value", test_support::OnnxBuilder::float_tensor("", {1}, {7}));
  b.node("Constant", {}, {"number"}).integer("value_int", 3);
  b.node("Add", {"x", "w"}, {"y"});
  onnx::ModelProto model = b.model();
  const Graph graph(model);
  EXPECT_EQ(find_constant(graph, "w"), graph.initializer("w"));
  ASSERT_NE(find_constant(graph, "c"), nullptr);
  EXPECT_EQ(read_constant(*find_constant(graph, "c")).floats()[0], 7);
  for (const char* other : {"x", "y", "number", "unknown", ""}) {
    EXPECT_EQ(find_constant(graph, other), nullptr) << other;
  }
}

TEST(Constants, TypedFieldsAndRawBytesReadTheSame) {
  auto typed = header(onnx::TensorProto::FLOAT, {2});
  typed.add_float_data(1.5f);
  typed.add_float_data(-2);
  const auto value = read_constant(typed);
  EXPECT_EQ(value, tensor::Tensor::from_floats({2}, std::array{1.5f, -2.0f}));
  EXPECT_EQ(read_constant(make_constant("c", value)), value);
}

TEST(Constants, SmallTypesLieInTheInt32Field) {
  for (const int32_t type :
       {onnx::TensorProto::INT8, onnx::TensorProto::UINT8, onnx::TensorProto::INT16,
        onnx::TensorProto::UINT16, onnx::TensorProto::BOOL, onnx::TensorProto::FLOAT16,
        onnx::TensorProto::BFLOAT16, onnx::TensorProto::INT32}) {
    auto constant = header(type, {1});
    constant.add_int32_data(1);
    EXPECT_EQ(read_constant(constant).bytes()[0], std::byte{1}) << type;
  }
  auto negative = header(onnx::TensorProto::INT8, {1});
  negative.add_int32_data(-5);
  EXPECT_EQ(read_constant(negative).bytes()[0], std::byte{0xFB});
}

TEST(Constants, WideTypesHaveFieldsOfTheirOwn) {
  auto unsigned_32 = header(onnx::TensorProto::UINT32, {1});
  unsigned_32.add_uint64_data(0xFFFFFFFFu);
  EXPECT_EQ(read_constant(unsigned_32).bytes().size(), 4u);
  auto unsigned_64 = header(onnx::TensorProto::UINT64, {1});
  unsigned_64.add_uint64_data(7);
  EXPECT_EQ(read_constant(unsigned_64).bytes()[0], std::byte{7});
  auto real = header(onnx::TensorProto::DOUBLE, {1});
  real.add_double_data(0.25);
  EXPECT_EQ(read_constant(real).to_float32().floats()[0], 0.25f);
}

TEST(Constants, WrongSizesAreNamedBeforeMemoryIsAskedFor) {
  auto few = header(onnx::TensorProto::FLOAT, {3});
  few.add_float_data(1);
  EXPECT_THAT(error_of(few),
              testing::AllOf(HasSubstr("'c'"), HasSubstr("1 values"), HasSubstr("3")));
  auto raw = header(onnx::TensorProto::FLOAT, {2});
  raw.set_raw_data("1234567");
  EXPECT_THAT(error_of(raw), HasSubstr("7 bytes"));
  auto huge = header(onnx::TensorProto::FLOAT, {int64_t{1} << 50});
  huge.set_raw_data("1234");
  EXPECT_THAT(error_of(huge), HasSubstr("4 bytes"));
  auto overflowing = header(onnx::TensorProto::FLOAT, {int64_t{1} << 40, int64_t{1} << 40});
  EXPECT_THAT(error_of(overflowing), HasSubstr("'c'"));
  EXPECT_THAT(error_of(header(onnx::TensorProto::FLOAT, {-1})), HasSubstr("'c'"));
}

TEST(Constants, TypesWithoutAFixedSizeAreRefused) {
  for (const int32_t type : {0, 8, 14, 99, -1}) {
    EXPECT_THAT(error_of(header(type, {1})), HasSubstr("type that cannot be read")) << type;
  }
  auto external = header(onnx::TensorProto::FLOAT, {0});
  external.set_data_location(onnx::TensorProto::EXTERNAL);
  EXPECT_THAT(error_of(external), HasSubstr("external"));
}

TEST(Constants, EmptyAndScalarTensors) {
  EXPECT_EQ(read_constant(header(onnx::TensorProto::FLOAT, {0, 3})).element_count(), 0u);
  EXPECT_EQ(read_constant(make_floats("s", {}, std::array{4.0f})).shape(), tensor::Shape{});
}

TEST(Constants, MakersCheckTheirShape) {
  EXPECT_THROW(make_floats("f", {2}, std::array{1.0f}), std::invalid_argument);
  EXPECT_EQ(make_int8s("i", {2}, std::array<int8_t, 2>{-1, 1}).raw_data(), "\xFF\x01");
  EXPECT_EQ(make_uint8s("i", {1}, std::array<uint8_t, 1>{200}).data_type(),
            onnx::TensorProto::UINT8);
  EXPECT_EQ(make_int32s("i", {1}, std::array<int32_t, 1>{7}).raw_data().size(), 4u);
}

TEST(Constants, IntegersOfBothWidths) {
  EXPECT_THAT(read_int64s(make_int64s("i", std::array<int64_t, 2>{5, -6})),
              testing::ElementsAre(5, -6));
  EXPECT_THAT(read_int64s(make_int32s("i", {2}, std::array<int32_t, 2>{5, -6})),
              testing::ElementsAre(5, -6));
  EXPECT_THROW(read_int64s(make_floats("f", {1}, std::array{1.0f})), Error);
}

}  // namespace
}  // namespace rangefinder::graph
