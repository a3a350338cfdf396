#include "data/byte_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "data/temporary_folder.h"

namespace rangefinder::data {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

std::string take(ByteStream& stream, size_t size) {
  std::string bytes(size, '\0');
  bytes.resize(stream.read(std::as_writable_bytes(std::span(bytes))));
  return bytes;
}

void expect_refused(const std::filesystem::path& path, const char* text) {
  EXPECT_THAT([&] { FileStream stream(path); },
              ThrowsMessage<Error>(AllOf(HasSubstr(path.string()), HasSubstr(text))));
}

TEST(ByteStream, MemoryAndFilesGiveTheSame) {
  const TemporaryFolder folder;
  write_file(folder / "a", "hello");
  FileStream file(folder / "a");
  MemoryStream memory("hello");
  for (ByteStream* stream : std::vector<ByteStream*>{&file, &memory}) {
    EXPECT_EQ(stream->size(), 5u);
    EXPECT_EQ(take(*stream, 2), "he");
    EXPECT_EQ(take(*stream, 0), "");
    EXPECT_EQ(take(*stream, 9), "llo");
    EXPECT_EQ(take(*stream, 9), "");
  }
}

TEST(ByteStream, LeavesOutAsManyAsThereAre) {
  const TemporaryFolder folder;
  const std::string bytes = std::string(100000, 'a') + "hello";
  write_file(folder / "a", bytes);
  FileStream file(folder / "a");
  MemoryStream memory(bytes);
  for (ByteStream* stream : std::vector<ByteStream*>{&file, &memory}) {
    EXPECT_EQ(take(*stream, 1), "a");
    stream->skip(0);
    stream->skip(100000);
    EXPECT_EQ(take(*stream, 2), "el");
    stream->skip(9);
    EXPECT_EQ(take(*stream, 1), "");
  }
}

TEST(ByteStream, RefusesWhatIsNoRegularFile) {
  const TemporaryFolder folder;
  expect_refused(folder / "none", "cannot open: No such file");
  expect_refused(folder.path(), "is a folder, a file is needed");
  expect_refused("/dev/zero", "is a device");
  std::filesystem::create_symlink("/dev/zero", folder / "zero");
  expect_refused(folder / "zero", "is a device");
  // Opening it would wait for somebody who writes.
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  expect_refused(folder / "pipe", "is a pipe");
}

}  // namespace
}  // namespace rangefinder::data
