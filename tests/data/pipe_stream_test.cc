#include "data/pipe_stream.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "base/cancellation.h"
#include "base/descriptor.h"
#include "base/error.h"
#include "base/file.h"
#include "data/temporary_folder.h"

namespace rangefinder::data {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class Pipe : public testing::Test {
 protected:
  Pipe() { EXPECT_EQ(::mkfifo(path().c_str(), 0600), 0); }

  std::filesystem::path path() const { return folder_ / "pipe"; }

  /// Waits for the reader, writes, and goes.
  std::thread writer(const std::vector<std::string>& pieces) const {
    return std::thread([path = path(), pieces] {
      const Descriptor file(::open(path.c_str(), O_WRONLY));
      for (const std::string& piece : pieces) {
        EXPECT_EQ(::write(file.value(), piece.data(), piece.size()),
                  static_cast<ssize_t>(piece.size()));
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
    });
  }

  static std::string read(PipeStream& pipe, size_t size) {
    std::string bytes(size, '?');
    bytes.resize(pipe.read(std::as_writable_bytes(std::span(bytes))));
    return bytes;
  }

  TemporaryFolder folder_;
};

TEST_F(Pipe, BytesComeUntilTheWriterGoes) {
  std::thread writing = writer({"abc", "defg", "h"});
  PipeStream pipe(path());
  EXPECT_EQ(pipe.size(), ByteStream::kUnknownSize);
  EXPECT_EQ(read(pipe, 5), "abcde");
  EXPECT_FALSE(pipe.at_end());
  EXPECT_EQ(read(pipe, 9), "fgh");
  EXPECT_TRUE(pipe.at_end());
  EXPECT_EQ(read(pipe, 1), "");
  writing.join();
}

TEST_F(Pipe, MoreThanItsBufferPassesThrough) {
  const std::string large(1'000'000, 'x');
  std::thread writing([&] {
    const Descriptor file(::open(path().c_str(), O_WRONLY));
    for (size_t done = 0; done < large.size();) {
      done += static_cast<size_t>(::write(file.value(), large.data() + done, large.size() - done));
    }
  });
  PipeStream pipe(path());
  EXPECT_EQ(read(pipe, large.size() + 1), large);
  writing.join();
}

TEST_F(Pipe, WaitingIsStopped) {
  std::atomic<bool> flag = false;
  const Cancellation heeded(&flag);
  std::thread stopping([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    flag = true;
  });
  PipeStream pipe(path());
  EXPECT_THAT([&] { pipe.at_end(); }, ThrowsMessage<Error>("interrupted"));
  stopping.join();
}

TEST_F(Pipe, IsToldFromFiles) {
  write_file(folder_ / "a.npy", "");
  EXPECT_EQ(pipe_among({"-"}), "-");
  EXPECT_EQ(pipe_among({folder_ / "a.npy", path()}), path());
  EXPECT_EQ(pipe_among({folder_ / "a.npy", folder_ / "none", "./-"}), std::nullopt);
  EXPECT_EQ(pipe_among({}), std::nullopt);
}

TEST_F(Pipe, WhatCannotBeReadIsRefused) {
  PipeStream gone(folder_ / "none");
  EXPECT_THAT([&] { gone.at_end(); }, ThrowsMessage<Error>(HasSubstr("none: cannot open")));
}

}  // namespace
}  // namespace rangefinder::data
