#include "data/npy_pipe.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "base/descriptor.h"
#include "base/error.h"
#include "data/npy.h"
#include "data/temporary_folder.h"

namespace rangefinder::data {
namespace {

using tensor::Tensor;
using testing::HasSubstr;
using testing::ThrowsMessage;

Tensor value(float number) { return Tensor::from_floats({1}, std::vector<float>{number}); }
std::string npy(float number) { return npy_bytes(value(number).view()); }

class NpyPipe : public testing::Test {
 protected:
  NpyPipe() { EXPECT_EQ(::mkfifo(path().c_str(), 0600), 0); }
  ~NpyPipe() override {
    if (writing_.joinable()) writing_.join();
  }

  std::filesystem::path path() const { return folder_ / "pipe"; }

  SampleStream open(const std::string& bytes) {
    writing_ = std::thread([path = path(), bytes] {
      const Descriptor file(::open(path.c_str(), O_WRONLY));
      EXPECT_EQ(::write(file.value(), bytes.data(), bytes.size()),
                static_cast<ssize_t>(bytes.size()));
    });
    return open_pipe({path()});
  }

  TemporaryFolder folder_;
  std::thread writing_;
};

TEST_F(NpyPipe, ArraysFollowOneAnother) {
  const Tensor large(tensor::ElementType::kInt8, {3, 5000});
  const SampleStream stream = open(npy(1) + npy_bytes(large.view()) + npy(3));
  EXPECT_EQ(stream.rewind, nullptr) << "they pass by once";
  EXPECT_EQ(stream.next()->at(""), value(1));
  EXPECT_EQ(stream.next()->at(""), large);
  EXPECT_EQ(stream.next()->at(""), value(3));
  EXPECT_EQ(stream.next(), std::nullopt);
}

TEST_F(NpyPipe, NothingIsNoSample) { EXPECT_EQ(open("").next(), std::nullopt); }

TEST_F(NpyPipe, TroubleNamesTheArray) {
  const SampleStream stream = open(npy(1) + "something else");
  stream.next();
  EXPECT_THAT([&] { stream.next(); },
              ThrowsMessage<Error>(HasSubstr(path().string() + "[1]: not a .npy file")));
}

TEST_F(NpyPipe, AnArrayThatIsCutShortIsAnError) {
  const std::string one = npy(1);
  const SampleStream stream = open(one + one.substr(0, one.size() - 1));
  stream.next();
  EXPECT_THAT([&] { stream.next(); },
              ThrowsMessage<Error>(
                  HasSubstr("[1]: truncated .npy array: 4 bytes of data were announced, found 3")));
}

/// Memory grows with what comes, not with what is announced.
TEST_F(NpyPipe, AHugeAnnouncementTakesNoMemory) {
  std::string huge = npy_bytes(Tensor(tensor::ElementType::kFloat32, {1, 1}).view());
  huge.replace(huge.find("(1, 1), }"), 19, "(99999999999, 9), }");
  const SampleStream stream = open(huge);
  EXPECT_THAT([&] { stream.next(); }, ThrowsMessage<Error>(HasSubstr("truncated .npy array")));
}

TEST_F(NpyPipe, ACheckSeesHeadersFirst) {
  const SampleStream stream = open(npy(1));
  stream.check_with([](const NamedHeaders& headers) {
    EXPECT_EQ(headers.at("").shape, tensor::Shape{1});
    throw Error("not wanted");
  });
  EXPECT_THAT([&] { stream.next(); }, ThrowsMessage<Error>(HasSubstr("pipe[0]: not wanted")));
}

TEST_F(NpyPipe, IsTheOnlyData) {
  EXPECT_THAT(
      [&] {
        open_pipe({path(), "a.npy"});
      },
      ThrowsMessage<Error>(HasSubstr("a pipe must be the only one")));
}

}  // namespace
}  // namespace rangefinder::data
