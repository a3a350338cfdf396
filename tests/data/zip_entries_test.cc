#include "data/zip_entries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "data/npy.h"
#include "data/npz.h"
#include "data/temporary_folder.h"

namespace rangefinder::data {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

std::string archive() {
  return npz_bytes({{"x", tensor::Tensor::from_floats({2}, std::vector<float>{1, 2})},
                    {"y", tensor::Tensor::from_floats({1}, std::vector<float>{3})}});
}

void expect_arrays(zip_t* zip, size_t size) {
  const auto entries = zip_entries(zip, size, "a.npz");
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[1].key, "y");
  EXPECT_EQ(label(entries[1], "a.npz"), "a.npz[y]");
  ZipEntryStream stream(zip, entries[1], "a.npz");
  EXPECT_EQ(NpyReader(stream, "a.npz[y]").read().floats()[0], 3.0f);
}

TEST(ZipEntries, AreThoseOfBytesAndFiles) {
  const std::string bytes = archive();
  expect_arrays(open_zip(bytes, "a.npz").get(), bytes.size());
  TemporaryFolder folder;
  write_file(folder / "a.npz", bytes);
  expect_arrays(open_zip_file(folder / "a.npz").get(), bytes.size());
}

TEST(ZipEntries, WhatIsNoArchiveIsRefused) {
  TemporaryFolder folder;
  write_file(folder / "a.npz", "nothing");
  EXPECT_THAT([&] { open_zip_file(folder / "a.npz"); },
              ThrowsMessage<Error>(HasSubstr("a.npz: not a .npz archive: Not a zip archive")));
  EXPECT_THAT([&] { open_zip("nothing", "b.npz"); },
              ThrowsMessage<Error>(HasSubstr("b.npz: not a .npz archive: Not a zip archive")));
  EXPECT_THROW(open_zip_file(folder / "none.npz"), Error);
  ASSERT_EQ(::mkfifo((folder / "pipe.npz").c_str(), 0600), 0);
  EXPECT_THROW(open_zip_file(folder / "pipe.npz"), Error);
}

}  // namespace
}  // namespace rangefinder::data
