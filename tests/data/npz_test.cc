#include "data/npz.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zip.h>

#include <filesystem>
#include <stdexcept>

#include "base/error.h"
#include "base/file.h"
#include "data/npy.h"

namespace rangefinder::data {
namespace {

using tensor::ElementType;
using tensor::NamedTensors;
using tensor::Tensor;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

NamedTensors example() {
  return {{"ids", Tensor(ElementType::kInt64, {1, 4})},
          {"image", Tensor::from_floats({2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6})},
          {"scalar", Tensor::from_floats({}, std::vector<float>{7})}};
}

/// How these were made: tests/data/files/README.md.
std::filesystem::path test_file(const char* name) {
  return std::filesystem::path(RANGEFINDER_TEST_DATA) / "files" / name;
}

TEST(Npz, RoundTrips) { EXPECT_EQ(parse_npz(npz_bytes(example()), "x"), example()); }

TEST(Npz, TheSameArraysGiveTheSameBytes) { EXPECT_EQ(npz_bytes(example()), npz_bytes(example())); }

TEST(Npz, ReadsWhatNumPyWrites) {
  Tensor expected(ElementType::kInt16, {2, 3});
  for (int i = 0; i < 6; ++i) expected.bytes()[2 * static_cast<size_t>(i)] = std::byte(i);
  for (const char* name : {"stored.npz", "deflated.npz"}) {
    const NamedTensors tensors = read_npz(test_file(name));
    ASSERT_EQ(tensors.size(), 2u) << name;
    EXPECT_EQ(tensors.at("x"), expected);
    EXPECT_EQ(tensors.at("a/b:0"), Tensor::from_floats({1}, std::vector<float>{0.5f}));
  }
}

TEST(Npz, RefusesWhatIsNoArchive) {
  for (const std::string& bytes : {std::string(), std::string("PK\x03\x04 nonsense"),
                                   npy_bytes(example().at("image").view())}) {
    EXPECT_THAT([&] { parse_npz(bytes, "a.npz"); },
                ThrowsMessage<Error>(AllOf(HasSubstr("a.npz: "), HasSubstr(".npz archive"))));
  }
}

TEST(Npz, RefusesTruncatedArchives) {
  const std::string whole = npz_bytes(example());
  for (size_t size = 0; size < whole.size(); size += 7) {
    EXPECT_THROW(parse_npz(whole.substr(0, size), "a.npz"), Error) << size;
  }
}

TEST(Npz, ChecksumsFindFlippedBits) {
  std::string bytes = npz_bytes(example());
  const size_t at = bytes.find(std::string_view("\0\0\x80\x3F\0\0\0\x40", 8));  // 1, 2
  ASSERT_NE(at, std::string::npos);
  bytes[at] ^= 1;
  EXPECT_THAT([&] { parse_npz(bytes, "a.npz"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("image"), HasSubstr("CRC"))));
}

TEST(Npz, RefusesEntriesThatAreNoArrays) {
  std::string bytes = npz_bytes({{"x", Tensor(ElementType::kInt8, {1})}});
  for (size_t at = bytes.find("x.npy"); at != std::string::npos; at = bytes.find("x.npy", at)) {
    bytes.replace(at, 5, "x.txt");
  }
  EXPECT_THAT([&] { parse_npz(bytes, "a.npz"); },
              ThrowsMessage<Error>(HasSubstr("'x.txt' of the archive is no .npy array")));
}

/// An archive with one entry x.npy, deflated.
std::string deflated_npz(const std::string& entry) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* memory = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_source_keep(memory);
  zip_t* archive = zip_open_from_source(memory, ZIP_TRUNCATE, &error);
  zip_source_t* data = zip_source_buffer(archive, entry.data(), entry.size(), 0);
  zip_file_add(archive, "x.npy", data, 0);
  zip_set_file_compression(archive, 0, ZIP_CM_DEFLATE, 9);
  EXPECT_EQ(zip_close(archive), 0);
  zip_stat_t status;
  zip_stat_init(&status);
  zip_source_stat(memory, &status);
  std::string bytes(status.size, '\0');
  zip_source_open(memory);
  zip_source_read(memory, bytes.data(), bytes.size());
  zip_source_close(memory);
  zip_source_free(memory);
  return bytes;
}

/// All places of a number of four bytes get another one: both headers of an entry.
std::string with_number(std::string bytes, size_t old_number, size_t new_number) {
  const auto text = [](size_t number) {
    std::string four;
    for (int shift = 0; shift < 32; shift += 8) four += static_cast<char>(number >> shift);
    return four;
  };
  size_t count = 0;
  for (size_t at = 0; (at = bytes.find(text(old_number), at)) != std::string::npos; at += 4) {
    bytes.replace(at, 4, text(new_number));
    ++count;
  }
  EXPECT_GE(count, 2u);
  return bytes;
}

void expect_error(const std::string& bytes, const std::string& text) {
  EXPECT_THAT([&] { parse_npz(bytes, "a.npz"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("a.npz"), HasSubstr(text))));
}

TEST(Npz, ShapesThatDisagreeWithTheEntryTakeNoMemory) {
  std::string array = npy_bytes(Tensor(ElementType::kInt8, {100000}).view());
  array.replace(array.find("(100000,)"), 9, "(9000000000000,)").erase(array.find('\n') - 7, 7);
  expect_error(deflated_npz(array), "truncated .npy file: int8 [9000000000000] needs");
}

TEST(Npz, SizesThatTheDirectoryInventsTakeNoMemory) {
  const std::string array = npy_bytes(Tensor(ElementType::kInt8, {77777}).view());
  const std::string whole = deflated_npz(array);
  EXPECT_NO_THROW(parse_npz(whole, "a.npz"));
  expect_error(with_number(whole, array.size(), 0x7FFFFFF0), "cannot be packed into");
  expect_error(with_number(whole, array.size(), array.size() - 1), "needs 77777 bytes");
  expect_error(with_number(whole, array.size(), array.size() + 1), "needs 77777 bytes");
}

TEST(Npz, OtherCompressionsAreRefusedByTheirNumber) {
  std::string bytes = deflated_npz(npy_bytes(Tensor(ElementType::kInt8, {100}).view()));
  for (const size_t at : {bytes.find("PK\x03\x04") + 8, bytes.find("PK\x01\x02") + 10}) {
    bytes[at] = 12;
  }
  expect_error(bytes, "compressed by method 12");
}

TEST(Npz, HeadersOfAllArraysAreSeenBeforeAnyElement) {
  NamedHeaders seen;
  EXPECT_THROW(parse_npz(npz_bytes(example()), "a.npz",
                         [&](const NamedHeaders& headers) {
                           seen = headers;
                           throw Error("not wanted");
                         }),
               Error);
  EXPECT_EQ(seen, (NamedHeaders{{"ids", {ElementType::kInt64, {1, 4}}},
                                {"image", {ElementType::kFloat32, {2, 3}}},
                                {"scalar", {ElementType::kFloat32, {}}}}));
}

TEST(Npz, RefusesToWriteNothing) { EXPECT_THROW(npz_bytes({}), std::invalid_argument); }

TEST(Npz, FilesRoundTrip) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / "rangefinder_npz_test.npz";
  write_npz(path, example());
  EXPECT_EQ(read_npz(path), example());
  std::filesystem::remove(path);
  EXPECT_THROW(read_npz(path), Error);
}

}  // namespace
}  // namespace rangefinder::data
