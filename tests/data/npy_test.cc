#include "data/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "tensor/half.h"

namespace rangefinder::data {
namespace {

using tensor::ElementType;
using tensor::Shape;
using tensor::Tensor;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// A file with this header text (not padded) and these elements.
std::string file_of(std::string_view header, std::string_view elements, int version = 1) {
  std::string bytes("\x93NUMPY", 6);
  bytes += static_cast<char>(version);
  bytes += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) {
    bytes += static_cast<char>(header.size() >> (8 * i));
  }
  bytes += header;
  bytes += elements;
  return bytes;
}

std::string dict(std::string_view descr, std::string_view order, std::string_view shape) {
  std::string text = "{'descr': '";
  text += descr;
  text += "', 'fortran_order': ";
  text += order;
  text += ", 'shape': ";
  text += shape;
  return text + ", }\n";
}

template <typename T>
std::string raw(std::initializer_list<T> values) {
  return {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T)};
}

template <typename T>
std::vector<T> values_of(const Tensor& tensor) {
  std::vector<T> values(tensor.element_count());
  std::memcpy(values.data(), tensor.bytes().data(), tensor.bytes().size());
  return values;
}

void expect_error(const std::string& bytes, const std::string& text) {
  EXPECT_THAT([&] { parse_npy(bytes, "a.npy"); },
              ThrowsMessage<Error>(testing::AllOf(HasSubstr("a.npy: "), HasSubstr(text))));
}

TEST(Npy, EveryTypeRoundTrips) {
  for (const ElementType type :
       {ElementType::kBool, ElementType::kInt8, ElementType::kInt16, ElementType::kInt32,
        ElementType::kInt64, ElementType::kUint8, ElementType::kUint16, ElementType::kUint32,
        ElementType::kUint64, ElementType::kFloat16, ElementType::kFloat32, ElementType::kFloat64,
        ElementType::kBfloat16}) {
    for (const Shape& shape : {Shape{}, Shape{5}, Shape{2, 3}, Shape{2, 0, 3}, Shape{1, 1, 2, 2}}) {
      Tensor tensor(type, shape);
      for (size_t i = 0; i < tensor.bytes().size(); ++i) tensor.bytes()[i] = std::byte(i % 2);
      const std::string bytes = npy_bytes(tensor.view());
      EXPECT_EQ(parse_npy(bytes, "x"), tensor) << tensor::element_name(type);
      EXPECT_EQ((bytes.size() - tensor.bytes().size()) % 64, 0u);
    }
  }
}

TEST(Npy, WritesWhatNumPyWrites) {
  const Tensor tensor = Tensor::from_floats({2}, std::vector<float>{1, -2});
  std::string expected("\x93NUMPY\x01\x00\x76\x00", 10);
  expected += "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
  expected.append(128 - 1 - expected.size(), ' ');
  expected += '\n' + raw<float>({1, -2});
  EXPECT_EQ(npy_bytes(tensor.view()), expected);
}

TEST(Npy, ReadsAllVersions) {
  for (const int version : {1, 2, 3}) {
    const Tensor tensor =
        parse_npy(file_of(dict("<i2", "False", "(2, 1)"), raw<int16_t>({-5, 6}), version), "x");
    EXPECT_EQ(tensor.shape(), (Shape{2, 1}));
    EXPECT_EQ(values_of<int16_t>(tensor), (std::vector<int16_t>{-5, 6}));
  }
  expect_error(file_of(dict("<i2", "False", "(2,)"), raw<int16_t>({-5, 6}), 4), "version 4");
}

TEST(Npy, ReadsFloat16) {
  const Tensor tensor =
      parse_npy(file_of(dict("<f2", "False", "(2,)"), raw<uint16_t>({0x3C00, 0xC000})), "x");
  EXPECT_EQ(tensor.to_float32(), Tensor::from_floats({2}, std::vector<float>{1, -2}));
}

TEST(Npy, ReadsBigEndian) {
  const Tensor ints = parse_npy(
      file_of(dict(">i4", "False", "(2,)"), std::string("\0\0\1\2\xFF\xFF\xFF\xFE", 8)), "x");
  EXPECT_EQ(values_of<int32_t>(ints), (std::vector<int32_t>{258, -2}));
  const Tensor half =
      parse_npy(file_of(dict(">f2", "False", "(1,)"), std::string("\x3C\x01", 2)), "x");
  EXPECT_EQ(values_of<uint16_t>(half), (std::vector<uint16_t>{0x3C01}));
  const Tensor bytes = parse_npy(file_of(dict(">u1", "False", "(2,)"), "ab"), "x");
  EXPECT_EQ(values_of<char>(bytes), (std::vector<char>{'a', 'b'}));
}

TEST(Npy, ReadsFortranOrder) {
  // The file holds a[i][j][k] = 100 i + 10 j + k with i running fastest.
  std::string elements;
  for (int16_t k = 0; k < 2; ++k) {
    for (int16_t j = 0; j < 3; ++j) {
      for (int16_t i = 0; i < 2; ++i) elements += raw<int16_t>({int16_t(100 * i + 10 * j + k)});
    }
  }
  const Tensor tensor = parse_npy(file_of(dict("<i2", "True", "(2, 3, 2)"), elements), "x");
  EXPECT_EQ(tensor.shape(), (Shape{2, 3, 2}));
  EXPECT_EQ(values_of<int16_t>(tensor),
            (std::vector<int16_t>{0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121}));
  const Tensor big_endian =
      parse_npy(file_of(dict(">u2", "True", "(2, 2)"), std::string("\0\1\0\2\0\3\0\4", 8)), "x");
  EXPECT_EQ(values_of<uint16_t>(big_endian), (std::vector<uint16_t>{1, 3, 2, 4}));
  EXPECT_EQ(parse_npy(file_of(dict("<f4", "True", "()"), raw<float>({3})), "x").shape(), Shape{});
}

TEST(Npy, ReadsHeadersThatOthersWrite) {
  const std::string one = raw<float>({1});
  for (const char* header :
       {"{\"shape\":(1,),\"descr\":\"<f4\",\"fortran_order\":False}",
        "  {'fortran_order' : False , 'shape' : ( 1L , ) , 'descr' : '=f4' }  \n",
        "{'shape': (1), 'descr': 'f4', 'fortran_order': True,}"}) {
    EXPECT_EQ(parse_npy(file_of(header, one), "x").shape(), Shape{1}) << header;
  }
}

TEST(Npy, RefusesBadHeaders) {
  for (const char* header :
       {"", "{", "}", "{}", "{'descr'}", "{'descr': '<f4'}", "{'descr': '<f4", "[]",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1.5,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}"}) {
    expect_error(file_of(header, raw<float>({1})), "bad .npy header: ");
  }
}

TEST(Npy, RefusesTypesByName) {
  const std::string data(16, '\0');
  expect_error(file_of(dict("|O", "False", "(1,)"), data), "Python objects of type '|O'");
  expect_error(file_of(dict("<U4", "False", "(1,)"), data), "strings");
  expect_error(file_of(dict("<c16", "False", "(1,)"), data), "complex numbers");
  expect_error(file_of(dict("<f16", "False", "(1,)"), data), "float64");
  expect_error(file_of("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,)}", data),
               "structured");
}

TEST(Npy, RefusesTruncatedAndOverlongFiles) {
  const std::string whole = npy_bytes(Tensor(ElementType::kFloat32, {2, 3}).view());
  for (size_t size = 0; size < whole.size(); ++size) {
    expect_error(whole.substr(0, size), size == 0 ? "not a .npy file" : "truncated");
  }
  expect_error(whole + "x", "overlong .npy file: float32 [2, 3] needs 24 bytes of data, found 25");
  expect_error("PK\x03\x04", "not a .npy file but a zip archive: unpack it first");
  expect_error("version https://git-lfs.github.com/spec/v1",
               "not a .npy file but a Git LFS pointer");
}

TEST(Npy, RefusesShapesBeyondMemoryBeforeAllocating) {
  expect_error(file_of(dict("<f4", "False", "(1000000000000,)"), "1234"), "truncated");
  for (const char* shape : {"(4611686018427387904, 4)", "(4611686018427387904, 4, 0)",
                            "(9223372036854775807, 9223372036854775807)"}) {
    expect_error(file_of(dict("<f4", "False", shape), "1234"), "too large");
  }
  std::string deep = "(";
  for (int i = 0; i < 65; ++i) deep += "1,";
  expect_error(file_of(dict("<f4", "False", deep + ")"), "1234"), "64 dimensions");
}

TEST(Npy, RefusesHeadersThatAreTooLong) {
  std::string bytes = file_of(std::string(70000, ' '), "", 2);
  expect_error(bytes, "70000 bytes are announced, at most 65536 are allowed");
  // Announced alone, without the bytes.
  expect_error(std::string("\x93NUMPY\x02\0\xFF\xFF\xFF\xFF", 12), "4294967295 bytes");
  expect_error(file_of(std::string(60000, '('), ""), "bad .npy header");
}

TEST(Npy, HeadersAreKnownBeforeElements) {
  const std::string bytes = npy_bytes(Tensor(ElementType::kInt16, {2, 3}).view());
  MemoryStream stream(bytes);
  const NpyReader reader(stream, "x");
  EXPECT_EQ(reader.header(), (TensorHeader{ElementType::kInt16, {2, 3}}));
}

/// Says more of itself than there is, as a damaged archive does.
class LyingStream : public MemoryStream {
 public:
  LyingStream(std::string_view bytes, uint64_t size) : MemoryStream(bytes), size_(size) {}
  uint64_t size() const override { return size_; }

 private:
  uint64_t size_;
};

TEST(Npy, WhatIsAnnouncedMustCome) {
  const std::string whole = npy_bytes(Tensor(ElementType::kInt8, {10}).view());
  for (const auto& [bytes, text] :
       {std::pair<std::string, std::string>{whole.substr(0, whole.size() - 1), "found 9"},
        {whole + "x", "found more"}}) {
    LyingStream stream(bytes, whole.size());
    NpyReader reader(stream, "a.npy");
    EXPECT_THAT([&] { reader.read(); }, ThrowsMessage<Error>(HasSubstr(text)));
  }
}

TEST(Npy, RefusesToWriteTypesWithoutASize) {
  EXPECT_THROW(npy_bytes(Tensor(ElementType::kString, {1}).view()), std::invalid_argument);
  EXPECT_THROW(npy_bytes(Tensor().view()), std::invalid_argument);
}

TEST(Npy, FilesNameThemselvesInErrors) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / "rangefinder_npy_test.npy";
  const Tensor tensor = Tensor::from_floats({1, 2}, std::vector<float>{3, 4});
  write_npy(path, tensor.view());
  EXPECT_EQ(read_npy(path), tensor);
  EXPECT_THROW(read_npy(path,
                        [](const NamedHeaders& headers) {
                          throw Error(tensor::to_string(headers.at("").shape));
                        }),
               Error);
  write_file(path, "nonsense");
  EXPECT_THAT([&] { read_npy(path); }, ThrowsMessage<Error>(HasSubstr(path.string())));
  std::filesystem::remove(path);
  EXPECT_THROW(read_npy(path), Error);
}

}  // namespace
}  // namespace rangefinder::data
