#include "fashion_mnist/idx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "base/error.h"
#include "base/file.h"

namespace rangefinder::examples {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

const std::string kTwoByThree(
    "\0\0\x08\x02\0\0\0\x02\0\0\0\x03"
    "abcdef",
    18);

void expect_error(const std::string& bytes, const char* text) {
  EXPECT_THAT([&] { parse_idx(bytes, "a.idx"); }, ThrowsMessage<Error>(HasSubstr(text)));
}

TEST(Idx, Parses) {
  const IdxArray array = parse_idx(kTwoByThree, "a.idx");
  EXPECT_THAT(array.shape, ElementsAre(2, 3));
  EXPECT_THAT(array.values, ElementsAre('a', 'b', 'c', 'd', 'e', 'f'));
}

TEST(Idx, RefusesWhatDoesNotFit) {
  for (size_t size = 0; size < kTwoByThree.size(); ++size) {
    EXPECT_THROW(parse_idx(kTwoByThree.substr(0, size), "a.idx"), Error) << size;
  }
  expect_error(kTwoByThree + "x", "6 elements are announced, found 7");
  expect_error(std::string("\0\0\x0D\x01\0\0\0\0", 8), "unsigned bytes");
  expect_error(std::string("\0\0\x08\x03", 4) + std::string(12, '\xFF'), "too many elements");
}

TEST(Idx, ReadsPackedAndPlainFiles) {
  const auto path = std::filesystem::temp_directory_path() / "rangefinder_idx_test.gz";
  write_file(path, kTwoByThree);
  EXPECT_THAT(read_idx(path).shape, ElementsAre(2, 3));
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, kTwoByThree.data(), static_cast<unsigned>(kTwoByThree.size()));
  gzclose(file);
  EXPECT_THAT(read_idx(path).shape, ElementsAre(2, 3));
  const std::string packed = read_file(path);
  write_file(path, packed.substr(0, packed.size() - 9));
  EXPECT_THROW(read_idx(path), Error) << "cut short";
  std::filesystem::remove(path);
  EXPECT_THROW(read_idx(path), Error);
}

}  // namespace
}  // namespace rangefinder::examples
