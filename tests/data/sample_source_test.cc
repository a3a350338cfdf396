#include "data/sample_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <set>
#include <stdexcept>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "data/npy.h"
#include "data/npz.h"
#include "data/picture_files.h"
#include "data/temporary_folder.h"

namespace rangefinder::data {
namespace {

using tensor::NamedTensors;
using tensor::Tensor;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

class Samples : public testing::Test {
 protected:
  static Tensor value(float number) { return Tensor::from_floats({1}, std::vector<float>{number}); }

  /// A .npy file holding one number.
  std::filesystem::path add(const std::string& name, float number = 0) const {
    const auto path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    write_npy(path, value(number).view());
    return path;
  }

  std::vector<std::string> names(const SampleSource& source) const {
    std::vector<std::string> result;
    for (size_t i = 0; i < source.size(); ++i) {
      result.push_back(std::filesystem::path(source.name(i)).lexically_relative(folder_.path()));
    }
    return result;
  }

  void expect_error(const std::vector<std::filesystem::path>& paths,
                    const std::string& text) const {
    EXPECT_THAT([&] { open_samples(paths); }, ThrowsMessage<Error>(HasSubstr(text)));
  }

  TemporaryFolder folder_;
};

TEST_F(Samples, FoldersInNaturalOrderWithSubfolders) {
  for (const char* name :
       {"img10.npy", "img2.npy", "b/1.npy", "IMG1.NPY", ".hidden.npy", ".git/x.npy"}) {
    add(name);
  }
  write_file(folder_ / "labels.txt", "not a sample");
  EXPECT_THAT(names(*open_samples({folder_.path()})),
              ElementsAre("IMG1.NPY", "b/1.npy", "img2.npy", "img10.npy"));
}

TEST_F(Samples, PathsKeepTheOrderTheyAreGivenIn) {
  const auto late = add("z.npy");
  add("folder/2.npy");
  add("folder/1.npy");
  EXPECT_THAT(names(*open_samples({late, folder_ / "folder"})),
              ElementsAre("z.npy", "folder/1.npy", "folder/2.npy"));
}

TEST_F(Samples, NpyHasNoInputName) {
  const auto source = open_samples({add("a.npy", 5)});
  EXPECT_EQ(source->read(0), (NamedTensors{{"", value(5)}}));
  EXPECT_THROW(source->read(1), std::invalid_argument);
  EXPECT_THROW(source->name(1), std::invalid_argument);
}

TEST_F(Samples, NpzNamesItsInputs) {
  const NamedTensors sample{{"x", value(1)}, {"mask", value(2)}};
  write_npz(folder_ / "a.npz", sample);
  EXPECT_EQ(open_samples({folder_.path()})->read(0), sample);
}

#if RANGEFINDER_PICTURES

TEST_F(Samples, PicturesFollowTheOptions) {
  write_file(
      folder_ / "a.ppm",
      pnm_bytes(
          {.width = 3, .height = 2, .channels = 1, .values = std::vector<uint8_t>(6, uint8_t{2})}));
  const auto source = open_samples({folder_.path()}, {.scale = 2, .channels = Channels::kGray});
  const NamedTensors sample = source->read(0);
  EXPECT_EQ(sample.at("").shape(), (tensor::Shape{1, 1, 2, 3}));
  EXPECT_EQ(sample.at("").floats()[0], 4.0f);
  EXPECT_THROW(open_samples({folder_.path()}, {.std = {0}}), std::invalid_argument);
}

#endif

TEST_F(Samples, PicturesAreDescribedOnlyWhereThereAre) {
  const auto array = add("a.npy");
  EXPECT_NO_THROW(open_samples({array}, {}));
  for (const PictureOptions& options :
       {PictureOptions{.mean = {0.5}}, {.scale = 1.0 / 255}, {.layout = Layout::kNhwc}}) {
    EXPECT_THAT([&] { open_samples({array}, options); },
                ThrowsMessage<std::invalid_argument>(HasSubstr("a.npy is no picture")));
  }
}

TEST_F(Samples, ClearErrors) {
  expect_error({}, "no samples");
  expect_error({folder_ / "none"}, (folder_ / "none").string() + ": cannot read: No such file");
  expect_error({folder_.path()}, folder_.path().string() + ": no samples in this folder");
  write_file(folder_ / "a.csv", "1,2");
  expect_error({folder_ / "a.csv"}, "unknown kind of sample '.csv'; .npy, .npz, pictures");
  write_file(folder_ / "a.pt", "PK");
  expect_error({folder_ / "a.pt"}, "numpy.save(FILE, tensor.numpy())");
  write_file(folder_ / "plain", "1,2");
  expect_error({folder_ / "plain"}, "unknown kind of sample ''");
  std::filesystem::create_symlink("gone", folder_ / "link.npy");
  expect_error({folder_ / "link.npy"}, "link.npy: cannot read: ");
}

TEST_F(Samples, OnlyRegularFilesAreSamples) {
  const auto folder = folder_ / "folder.npy";
  std::filesystem::create_directory(folder);
  expect_error({folder}, "no samples in this folder");
  std::filesystem::create_symlink("/dev/zero", folder_ / "zero.npy");
  expect_error({folder_ / "zero.npy"}, "zero.npy: is a device, a file is needed");
  ASSERT_EQ(::mkfifo((folder_ / "pipe.npz").c_str(), 0600), 0);
  expect_error({folder_ / "pipe.npz"}, "pipe.npz: is a pipe, a file is needed");
  // In a folder they are passed over, as other files are.
  add("a.npy");
  EXPECT_THAT(names(*open_samples({folder_.path()})), ElementsAre("a.npy"));
}

TEST_F(Samples, HeadersAreSeenBeforeElements) {
  write_npz(folder_ / "a.npz", {{"x", value(1)}, {"mask", value(2)}});
  const auto source = select_samples(open_samples({folder_ / "a.npz"}), {0});
  const HeaderCheck refuse = [](const NamedHeaders& headers) {
    EXPECT_EQ(headers.size(), 2u);
    EXPECT_EQ(headers.at("mask").shape, tensor::Shape{1});
    throw Error("not wanted");
  };
  EXPECT_THAT([&] { source->read_checked(0, refuse); }, ThrowsMessage<Error>("not wanted"));
  EXPECT_EQ(source->read_checked(0, [](const NamedHeaders&) {}), source->read(0));
}

#if !RANGEFINDER_PICTURES

TEST_F(Samples, SaysThatPicturesWereLeftOut) {
  write_file(folder_ / "a.png", picture_bytes("rgb8.png"));
  expect_error({folder_.path()}, "a.png: is a picture, and this program was built without them");
}

#endif

TEST_F(Samples, MixedKindsAreRefused) {
  add("a.npy");
  write_npz(folder_ / "b.npz", {{"x", value(1)}});
  EXPECT_THAT([&] { open_samples({folder_.path()}); },
              ThrowsMessage<Error>(AllOf(HasSubstr("b.npz: .npz cannot be mixed with .npy"),
                                         HasSubstr("a.npy"), HasSubstr("inputs"))));
}

TEST_F(Samples, ReadErrorsNameTheFile) {
  const auto path = add("a.npy");
  const auto source = open_samples({path});
  write_file(path, "damaged");
  EXPECT_THAT([&] { source->read(0); }, ThrowsMessage<Error>(HasSubstr(path.string())));
  std::filesystem::remove(path);
  EXPECT_THROW(source->read(0), Error);
  EXPECT_THROW(source->fingerprint(), Error);
}

TEST_F(Samples, FingerprintSeesNamesSizesAndOrderButNotThePlace) {
  const auto a = add("one/a.npy");
  const auto b = add("one/b.npy");
  add("two/a.npy");
  add("two/b.npy");
  const std::string print = open_samples({folder_ / "one"})->fingerprint();
  EXPECT_EQ(print.size(), 16u);
  EXPECT_EQ(open_samples({folder_ / "two"})->fingerprint(), print);
  EXPECT_EQ(open_samples({a, b})->fingerprint(), print);
  EXPECT_NE(open_samples({b, a})->fingerprint(), print);
  EXPECT_NE(open_samples({a})->fingerprint(), print);
  write_npy(b, Tensor(tensor::ElementType::kFloat32, {2}).view());
  EXPECT_NE(open_samples({a, b})->fingerprint(), print) << "another size";
  std::filesystem::rename(folder_ / "two/b.npy", folder_ / "two/c.npy");
  EXPECT_NE(open_samples({folder_ / "two"})->fingerprint(), print) << "another name";
}

#if RANGEFINDER_PICTURES

TEST_F(Samples, FingerprintSeesEveryPictureOption) {
  write_file(folder_ / "a.png", picture_bytes("rgb8.png"));
  std::set<std::string> prints;
  const std::vector<PictureOptions> all = {{},
                                           {.mean = {1}},
                                           {.std = {2}},
                                           {.scale = 2},
                                           {.resize = PictureSize{4, 4}},
                                           {.crop = PictureSize{4, 4}},
                                           {.layout = Layout::kNhwc},
                                           {.channels = Channels::kBgr}};
  for (const auto& options : all) {
    prints.insert(open_samples({folder_.path()}, options)->fingerprint());
  }
  EXPECT_EQ(prints.size(), all.size());
}

#endif

TEST_F(Samples, SelectionReadsThroughToItsSource) {
  for (int i = 0; i < 5; ++i) add(std::to_string(i) + ".npy", static_cast<float>(i));
  const auto all = open_samples({folder_.path()});
  const auto some = select_samples(all, {3, 1});
  ASSERT_EQ(some->size(), 2u);
  EXPECT_EQ(some->read(0).at(""), value(3));
  EXPECT_EQ(some->name(1), all->name(1));
  EXPECT_THROW(some->read(2), std::invalid_argument);
  EXPECT_NE(some->fingerprint(), select_samples(all, {1, 3})->fingerprint());
  EXPECT_THROW(select_samples(all, {5}), std::invalid_argument);
}

TEST_F(Samples, AreReadByThreadsAtOnce) {
  for (int i = 0; i < 16; ++i) {
    write_npz(folder_ / (std::to_string(i) + ".npz"), {{"x", value(static_cast<float>(i))}});
  }
  const auto source = open_samples({folder_.path()});
  std::atomic<int> wrong = 0;
  const auto read_all = [&] {
    for (size_t i = 0; i < source->size(); ++i) {
      if (source->read(i).at("x") != value(static_cast<float>(i))) ++wrong;
    }
  };
  std::thread other(read_all);
  read_all();
  other.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace rangefinder::data
