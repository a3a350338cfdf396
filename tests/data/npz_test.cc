#include "data/npz.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
