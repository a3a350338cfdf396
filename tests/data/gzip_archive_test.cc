#include "data/gzip_archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "base/cancellation.h"
#include "base/error.h"
#include "base/file.h"
#include "data/gzip_file.h"
#include "data/temporary_folder.h"

namespace rangefinder::data {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

/// Long, and different everywhere.
std::string text() {
  std::string bytes;
  for (int i = 0; bytes.size() < 500'000; ++i) bytes += std::to_string(i * 7919) + ",";
  return bytes;
}

class Gzip : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& packed) const {
    write_file(folder_ / "a.tar.gz", packed);
    return folder_ / "a.tar.gz";
  }

  static std::string read(GzipArchive& archive, uint64_t offset, size_t size) {
    std::string bytes(size, '?');
    bytes.resize(archive.read(offset, std::as_writable_bytes(std::span(bytes))));
    return bytes;
  }

  void expect_error(const std::string& packed, const std::string& why) const {
    GzipArchive archive(write(packed));
    EXPECT_THAT([&] { archive.reaches(uint64_t{1} << 40); },
                ThrowsMessage<Error>(HasSubstr("a.tar.gz: cannot unpack: " + why)));
  }

  TemporaryFolder folder_;
};

TEST_F(Gzip, GivesAnyBytesForwardsAndBackwards) {
  const std::string all = text();
  GzipArchive archive(write(gzip(all)));
  for (const uint64_t offset : {0, 100, 250'000, 499'000, 17, 300'000}) {
    EXPECT_EQ(read(archive, offset, 1000), all.substr(offset, 1000)) << offset;
    EXPECT_EQ(archive.position(), offset + 1000);
  }
  EXPECT_TRUE(archive.reaches(all.size()));
  EXPECT_FALSE(archive.reaches(all.size() + 1));
}

TEST_F(Gzip, PartsBehindOneAnotherAreOne) {
  const std::string all = text();
  GzipArchive archive(write(gzip(all) + gzip("") + gzip(all)));
  EXPECT_EQ(read(archive, all.size() - 10, 20), all.substr(all.size() - 10) + all.substr(0, 10));
  EXPECT_FALSE(archive.reaches(2 * all.size() + 1));
  GzipArchive empty(write(gzip("")));
  EXPECT_FALSE(empty.reaches(1));
}

TEST_F(Gzip, DamageIsAnError) {
  const std::string packed = gzip(text());
  expect_error("", "the file is cut short");
  expect_error("plain text", "incorrect header check");
  for (const size_t size : {5ul, 100ul, packed.size() / 2, packed.size() - 1}) {
    expect_error(packed.substr(0, size), "the file is cut short");
  }
  std::string wrong_sum = packed;
  wrong_sum[packed.size() - 6] ^= 1;
  expect_error(wrong_sum, "incorrect data check");
  expect_error(packed + "more", "incorrect header check");
}

TEST_F(Gzip, StopsWhenAsked) {
  GzipArchive archive(write(gzip(text())));
  const std::atomic<bool> flag = true;
  const Cancellation heeded(&flag);
  EXPECT_THROW(archive.reaches(400'000), Error);
}

}  // namespace
}  // namespace rangefinder::data
