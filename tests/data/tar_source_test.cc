#include "data/tar_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <stdexcept>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "data/gzip_file.h"
#include "data/npy.h"
#include "data/npz.h"
#include "data/picture_files.h"
#include "data/tar_archive.h"
#include "data/temporary_folder.h"

namespace rangefinder::data {
namespace {

using tensor::NamedTensors;
using tensor::Tensor;
using testing::HasSubstr;
using testing::ThrowsMessage;

Tensor value(float number) { return Tensor::from_floats({1}, std::vector<float>{number}); }
std::string npy(float number) { return npy_bytes(value(number).view()); }

class TarSourceTest : public testing::Test {
 protected:
  std::shared_ptr<const SampleSource> open(const std::string& bytes,
                                           const std::string& name = "a.tar",
                                           const PictureOptions& picture = {}) const {
    write_file(folder_ / name, bytes);
    return open_samples({folder_ / name}, picture);
  }

  static std::vector<TensorInfo> inputs(const std::vector<std::string>& names) {
    std::vector<TensorInfo> infos;
    for (const auto& name : names) infos.push_back({.name = name, .type = {}, .shape = {}});
    return infos;
  }

  /// Samples 0, 1, ... of two arrays and a label.
  static TarArchive archive(size_t count) {
    TarArchive archive;
    for (size_t i = 0; i < count; ++i) {
      const auto number = static_cast<float>(i);
      archive.add(std::to_string(i) + ".x.npy", npy(number))
          .add(std::to_string(i) + ".json", "{}")
          .add(std::to_string(i) + ".mask.npy", npy(-number));
    }
    return archive;
  }

  TemporaryFolder folder_;
};

TEST_F(TarSourceTest, SamplesAreReadFromAnywhere) {
  for (const std::string name : {"a.tar", "a.tar.gz"}) {
    const std::string bytes = archive(9).bytes();
    const auto source = open(name == "a.tar" ? bytes : gzip(bytes), name);
    ASSERT_EQ(source->size(), 9u);
    for (const size_t i : {0, 8, 3, 4, 1}) {
      const auto number = static_cast<float>(i);
      EXPECT_EQ(source->read(i), (NamedTensors{{"x", value(number)}, {"mask", value(-number)}}));
      EXPECT_EQ(source->name(i), (folder_ / name).string() + "[" + std::to_string(i) + "]");
    }
    EXPECT_THROW(source->read(9), std::invalid_argument);
    EXPECT_THROW(source->name(9), std::invalid_argument);
  }
}

TEST_F(TarSourceTest, AModelTakesWhatItsInputsName) {
  const auto source = open(archive(2).bytes());
  ASSERT_TRUE(source->depends_on_inputs());
  const auto fitted = source->for_inputs(inputs({"x"}));
  EXPECT_EQ(fitted->read(1), (NamedTensors{{"x", value(1)}}));
  EXPECT_EQ(fitted->fingerprint(), source->fingerprint());
  EXPECT_THAT([&] { source->for_inputs(inputs({"other"}))->read(1); },
              ThrowsMessage<Error>(HasSubstr("a.tar[1]: 'x.npy', 'mask.npy' are there for")));
}

TEST_F(TarSourceTest, ShardsFollowOneAnother) {
  std::filesystem::create_directory(folder_ / "shards");
  write_file(folder_ / "shards/0.tar", archive(2).bytes());
  write_file(folder_ / "shards/1.tar", archive(3).bytes());
  const auto source = open_samples({folder_ / "shards"});
  ASSERT_EQ(source->size(), 5u);
  EXPECT_EQ(source->name(2), (folder_ / "shards/1.tar[0]").string());
}

TEST_F(TarSourceTest, AnNpzHoldsAllInputs) {
  const NamedTensors sample{{"x", value(1)}, {"mask", value(2)}};
  const auto source = open(TarArchive().add("a.npz", npz_bytes(sample)).bytes());
  EXPECT_EQ(source->for_inputs(inputs({"x", "mask"}))->read(0), sample);
}

TEST_F(TarSourceTest, HeadersAreSeenBeforeElements) {
  const HeaderCheck refuse = [](const NamedHeaders& headers) {
    EXPECT_EQ(headers.begin()->second.shape, tensor::Shape{1});
    throw Error("not wanted");
  };
  const auto alone = open(TarArchive().add("a.npy", npy(1)).bytes());
  EXPECT_THAT([&] { alone->read_checked(0, refuse); }, ThrowsMessage<Error>("not wanted"));
  const auto two = open(archive(1).bytes());
  EXPECT_THAT([&] { two->read_checked(0, refuse); }, ThrowsMessage<Error>("not wanted"));
  // A header that announces more than the archive holds takes no memory.
  std::string announced = npy_bytes(Tensor(tensor::ElementType::kFloat32, {1, 1}).view());
  announced.replace(announced.find("(1, 1), }"), 19, "(99999999999, 1), }");
  const auto bad = open(TarArchive().add("a.npy", announced).bytes());
  EXPECT_THAT([&] { bad->read(0); }, ThrowsMessage<Error>(HasSubstr("a.tar[a.npy]: ")));
}

TEST_F(TarSourceTest, DamageNamesTheMember) {
  const auto source =
      open(TarArchive().add("a.npy", "").add("b.npy", "damaged").add("c.npy", npy(1)).bytes());
  EXPECT_THAT([&] { source->read(0); },
              ThrowsMessage<Error>(HasSubstr("a.tar[a.npy]: not a .npy file")));
  EXPECT_THAT([&] { source->read(1); },
              ThrowsMessage<Error>(HasSubstr("a.tar[b.npy]: not a .npy file")));
  EXPECT_EQ(source->read(2).at(""), value(1));
  const auto shortened = open(archive(1).bytes(), "b.tar");
  write_file(folder_ / "b.tar", "");
  EXPECT_THAT([&] { shortened->read(0); },
              ThrowsMessage<Error>(HasSubstr("b.tar[0.x.npy]: the archive has become shorter")));
}

TEST_F(TarSourceTest, FingerprintSeesNamesSizesAndOrderButNotThePlace) {
  const std::string bytes = archive(2).bytes();
  const std::string print = open(bytes)->fingerprint();
  std::filesystem::create_directory(folder_ / "sub");
  write_file(folder_ / "sub/a.tar", bytes);
  EXPECT_EQ(open_samples({folder_ / "sub/a.tar"})->fingerprint(), print);
  EXPECT_NE(open(archive(3).bytes())->fingerprint(), print);
  EXPECT_NE(open(bytes, "b.tar")->fingerprint(), print);
  const std::string a = npy(1);
  const std::string one = open(TarArchive().add("a.npy", a).add("b.npy", a).bytes())->fingerprint();
  EXPECT_NE(open(TarArchive().add("b.npy", a).add("a.npy", a).bytes())->fingerprint(), one);
  EXPECT_NE(open(TarArchive().add("a.npy", a).add("b.npy", a + "x").bytes())->fingerprint(), one);
}

TEST_F(TarSourceTest, IsReadByThreadsAtOnce) {
  for (const std::string name : {"a.tar", "a.tgz"}) {
    const std::string bytes = archive(64).bytes();
    const auto source = open(name == "a.tar" ? bytes : gzip(bytes), name);
    std::atomic<size_t> next = 0;
    std::atomic<int> wrong = 0;
    const auto read_some = [&] {
      for (size_t i = next++; i < source->size(); i = next++) {
        if (source->read(i).at("x") != value(static_cast<float>(i))) ++wrong;
      }
    };
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) threads.emplace_back(read_some);
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0) << name;
  }
}

#if RANGEFINDER_PICTURES

TEST_F(TarSourceTest, PicturesAreThoseOfFiles) {
  const PictureOptions options{.scale = 2, .channels = Channels::kGray};
  const std::string picture = picture_bytes("rgb8.png");
  write_file(folder_ / "a.png", picture);
  const auto source =
      open(TarArchive().add("a.png", picture).add("a.cls", "7").bytes(), "a.tar", options);
  EXPECT_EQ(source->read(0), open_samples({folder_ / "a.png"}, options)->read(0));
  EXPECT_NE(open_samples({folder_ / "a.tar"})->fingerprint(), source->fingerprint());
  const auto named = open(TarArchive().add("a.x.png", picture).add("a.y.npy", npy(1)).bytes());
  const auto sample = named->for_inputs(inputs({"x", "y"}))->read(0);
  EXPECT_EQ(sample.at("y"), value(1));
  EXPECT_EQ(sample.at("x").shape().size(), 4u);
  const auto empty = open(TarArchive().add("a.jpg", "").bytes());
  EXPECT_THAT([&] { empty->read(0); },
              ThrowsMessage<Error>(HasSubstr("a.tar[a.jpg]: the picture is an empty file")));
}

#else

TEST_F(TarSourceTest, SaysThatPicturesWereLeftOut) {
  EXPECT_THAT(
      [&] { open(TarArchive().add("a.png", "").bytes()); },
      ThrowsMessage<Error>(HasSubstr("a.tar: is a picture, and this program was built without")));
}

#endif

}  // namespace
}  // namespace rangefinder::data
