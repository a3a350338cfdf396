#include "engine/bind_inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "tensor/half.h"

namespace rangefinder::engine {
namespace {

using tensor::ElementType;
using tensor::NamedTensors;
using tensor::Tensor;
using testing::AllOf;
using testing::HasSubstr;

template <typename T>
Tensor make(ElementType type, std::vector<T> values) {
  Tensor result(type, {static_cast<int64_t>(values.size())});
  std::memcpy(result.bytes().data(), values.data(), result.bytes().size());
  return result;
}

template <typename T>
std::vector<T> values(const tensor::TensorView& view) {
  const T* data = static_cast<const T*>(view.data);
  return {data, data + view.element_count()};
}

const std::vector<TensorInfo> kImage = {{"image", ElementType::kFloat32, tensor::Shape{-1, 3}}};

std::string message(const std::vector<TensorInfo>& inputs, const NamedTensors& sample) {
  try {
    bind_inputs(inputs, sample, "sample7.npz");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::vector<TensorInfo> one(ElementType type) { return {{"x", type, tensor::Shape{-1}}}; }

TEST(BindInputs, HeadersAreCheckedAsSamplesAre) {
  const data::HeaderCheck check = header_check(kImage, "a.npz");
  const auto header = [](tensor::Shape shape) {
    return data::TensorHeader{ElementType::kFloat32, std::move(shape)};
  };
  EXPECT_NO_THROW(check({{"image", header({int64_t{1} << 60, 3})}}));
  EXPECT_NO_THROW(check({{"", header({1, 3})}}));
  for (const data::NamedHeaders& headers :
       {data::NamedHeaders{{"image", header({1, 4})}}, data::NamedHeaders{{"", header({3})}},
        data::NamedHeaders{{"other", header({1, 3})}}, data::NamedHeaders{},
        data::NamedHeaders{{"image", header({1, 3})}, {"more", header({1})}}}) {
    EXPECT_THROW(check(headers), Error);
  }
}

TEST(BindInputs, PassesAFittingSampleWithoutACopy) {
  const NamedTensors sample = {{"image", Tensor(ElementType::kFloat32, {2, 3})}};
  const BoundInputs bound = bind_inputs(kImage, sample, "");
  ASSERT_EQ(bound.views.size(), 1u);
  EXPECT_EQ(bound.views[0].data, sample.at("image").bytes().data());
  EXPECT_TRUE(bound.converted.empty());
}

TEST(BindInputs, FollowsTheOrderOfTheModel) {
  const std::vector<TensorInfo> inputs = {{"b", ElementType::kInt64, tensor::Shape{1}},
                                          {"a", ElementType::kFloat32, std::nullopt}};
  const NamedTensors sample = {{"a", Tensor(ElementType::kFloat32, {2, 3, 4})},
                               {"b", Tensor(ElementType::kInt64, {1})}};
  const BoundInputs bound = bind_inputs(inputs, sample, "");
  EXPECT_EQ(bound.views[0].type, ElementType::kInt64);
  EXPECT_EQ(bound.views[1].shape, (tensor::Shape{2, 3, 4}));
}

TEST(BindInputs, AnArrayWithoutANameGoesToTheOnlyInput) {
  const NamedTensors sample = {{"", Tensor(ElementType::kFloat32, {1, 3})}};
  EXPECT_EQ(bind_inputs(kImage, sample, "").views.size(), 1u);
  const std::vector<TensorInfo> two = {{"a", ElementType::kFloat32, std::nullopt},
                                       {"b", ElementType::kFloat32, std::nullopt}};
  EXPECT_THAT(message(two, sample), AllOf(HasSubstr("sample7.npz"), HasSubstr("'a', 'b'")));
}

TEST(BindInputs, MissingAndUnknownInputsAreNamed) {
  EXPECT_THAT(message(kImage, {}), AllOf(HasSubstr("sample7.npz"), HasSubstr("'image'")));
  const Tensor fitting(ElementType::kFloat32, {1, 3});
  EXPECT_THAT(message(kImage, {{"image", fitting}, {"mask", fitting}}),
              AllOf(HasSubstr("sample7.npz"), HasSubstr("'mask'"), HasSubstr("'image'")));
  EXPECT_THAT(message(kImage, {{"imag", fitting}}), HasSubstr("'imag'"));
}

TEST(BindInputs, WrongShapeSaysFoundAndAllowed) {
  EXPECT_THAT(message(kImage, {{"image", Tensor(ElementType::kFloat32, {1, 4})}}),
              AllOf(HasSubstr("sample7.npz"), HasSubstr("'image'"), HasSubstr("[1, 4]"),
                    HasSubstr("[?, 3]")));
  EXPECT_THAT(message(kImage, {{"image", Tensor(ElementType::kFloat32, {3})}}),
              AllOf(HasSubstr("[3]"), HasSubstr("[?, 3]")));
}

TEST(BindInputs, ManySamplesInOneArrayAreExplained) {
  const auto shape = [](const tensor::Shape& wanted, const tensor::Shape& found) {
    return message({{"x", ElementType::kFloat32, wanted}},
                   {{"x", Tensor(ElementType::kFloat32, found)}});
  };
  EXPECT_THAT(shape({1, 3}, {64, 3}), AllOf(HasSubstr("64 samples in one array?"),
                                            HasSubstr("if the first one is such a file")));
  EXPECT_THAT(shape({4, 3}, {64, 3}), HasSubstr("16 samples in one array?"));
  EXPECT_THAT(shape({-1, 3}, {64, 1, 3}), HasSubstr("64 samples in one array?"));
  EXPECT_THAT(shape({3}, {64, 3}), HasSubstr("64 samples in one array?"));
  for (const auto& [wanted, found] : std::vector<std::pair<tensor::Shape, tensor::Shape>>{
           {{1, 3}, {64, 4}}, {{4, 3}, {6, 3}}, {{1, 3}, {0, 3}}, {{1, 3}, {}}, {{-1, 3}, {3}}}) {
    EXPECT_THAT(shape(wanted, found), testing::Not(HasSubstr("samples in one array")));
  }
}

TEST(BindInputs, WrongTypeSaysFoundAndAllowed) {
  for (const ElementType type :
       {ElementType::kUint8, ElementType::kInt64, ElementType::kBool, ElementType::kBfloat16}) {
    EXPECT_THAT(message(kImage, {{"image", Tensor(type, {1, 3})}}),
                AllOf(HasSubstr(std::string(tensor::element_name(type))), HasSubstr("float32")));
  }
  EXPECT_THAT(message(one(ElementType::kInt32), {{"x", Tensor(ElementType::kInt64, {1})}}),
              AllOf(HasSubstr("int64"), HasSubstr("int32")));
  EXPECT_THAT(message(one(ElementType::kInt64), {{"x", Tensor(ElementType::kUint64, {1})}}),
              HasSubstr("uint64"));
  EXPECT_THAT(message(one(ElementType::kUint16), {{"x", Tensor(ElementType::kInt8, {1})}}),
              HasSubstr("int8"));
}

TEST(BindInputs, NarrowsAndWidensFloats) {
  const NamedTensors doubles = {{"x", make<double>(ElementType::kFloat64, {0.1, -3, 1e300})}};
  EXPECT_EQ(values<float>(bind_inputs(one(ElementType::kFloat32), doubles, "").views[0]),
            (std::vector<float>{0.1f, -3, INFINITY}));
  const std::vector<uint16_t> halves = {tensor::float_to_float16(0.1f),
                                        tensor::float_to_float16(-3), 0x7C00};
  EXPECT_EQ(values<uint16_t>(bind_inputs(one(ElementType::kFloat16), doubles, "").views[0]),
            halves);
  const NamedTensors floats = {{"x", make<float>(ElementType::kFloat32, {0.1f, -3, 1e30f})}};
  EXPECT_EQ(values<uint16_t>(bind_inputs(one(ElementType::kFloat16), floats, "").views[0]), halves);
  const std::vector<uint16_t> brain = {0x3DCD, 0xC040, 0x714A};
  EXPECT_EQ(values<uint16_t>(bind_inputs(one(ElementType::kBfloat16), floats, "").views[0]), brain);
  const NamedTensors small = {{"x", make<double>(ElementType::kFloat64, {0.1, -3, 1e30})}};
  EXPECT_EQ(values<uint16_t>(bind_inputs(one(ElementType::kBfloat16), small, "").views[0]), brain);
  const NamedTensors half = {{"x", make<uint16_t>(ElementType::kFloat16, {0x3C00, 0xC200})}};
  EXPECT_EQ(values<float>(bind_inputs(one(ElementType::kFloat32), half, "").views[0]),
            (std::vector<float>{1, -3}));
}

TEST(BindInputs, WidensIntegersExactly) {
  const NamedTensors bytes = {{"x", make<int8_t>(ElementType::kInt8, {-128, 0, 127})}};
  EXPECT_EQ(values<int64_t>(bind_inputs(one(ElementType::kInt64), bytes, "").views[0]),
            (std::vector<int64_t>{-128, 0, 127}));
  const uint32_t most = std::numeric_limits<uint32_t>::max();
  const NamedTensors words = {{"x", make<uint32_t>(ElementType::kUint32, {0, most})}};
  EXPECT_EQ(values<int64_t>(bind_inputs(one(ElementType::kInt64), words, "").views[0]),
            (std::vector<int64_t>{0, most}));
  EXPECT_EQ(values<uint64_t>(bind_inputs(one(ElementType::kUint64), words, "").views[0]),
            (std::vector<uint64_t>{0, most}));
}

}  // namespace
}  // namespace rangefinder::engine
