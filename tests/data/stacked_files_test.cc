#include "data/stacked_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "base/error.h"
#include "base/file.h"
#include "data/temporary_folder.h"

namespace rangefinder::data {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// A sample is told by its place: file, row.
class Places : public StackedFiles {
 public:
  Places(const std::vector<SampleFile>& files, const std::vector<uint64_t>& counts)
      : StackedFiles(files, counts) {}

  tensor::NamedTensors read_checked(size_t index, const HeaderCheck&) const override {
    const Place place = place_of(index);
    const std::vector<float> told = {static_cast<float>(place.file), static_cast<float>(place.row)};
    return {{"", tensor::Tensor::from_floats({2}, told)}};
  }
};

class StackedFilesTest : public testing::Test {
 protected:
  StackedFilesTest() {
    for (const char* name : {"a", "b", "c"}) write_file(folder_ / name, name);
  }

  Places with(const std::vector<uint64_t>& counts) const {
    return {{{folder_ / "a", "a"}, {folder_ / "b", "b"}, {folder_ / "c", "c"}}, counts};
  }

  TemporaryFolder folder_;
};

TEST_F(StackedFilesTest, EachSampleHasItsPlaceAndName) {
  const Places files = with({2, 0, 3});
  ASSERT_EQ(files.size(), 5u);
  const std::vector<std::pair<int, int>> places = {{0, 0}, {0, 1}, {2, 0}, {2, 1}, {2, 2}};
  for (size_t i = 0; i < places.size(); ++i) {
    const auto read = files.read(i);
    EXPECT_EQ(read.at("").floats()[0], static_cast<float>(places[i].first)) << i;
    EXPECT_EQ(read.at("").floats()[1], static_cast<float>(places[i].second)) << i;
  }
  EXPECT_EQ(files.name(1), (folder_ / "a").string() + "[1]");
  EXPECT_EQ(files.name(2), (folder_ / "c").string() + "[0]");
  EXPECT_THROW(files.read(5), std::invalid_argument);
  EXPECT_THROW(files.name(5), std::invalid_argument);
}

TEST_F(StackedFilesTest, TheFingerprintSeesFilesAndCounts) {
  EXPECT_EQ(with({2, 1, 3}).fingerprint(), with({2, 1, 3}).fingerprint());
  EXPECT_NE(with({2, 1, 3}).fingerprint(), with({1, 2, 3}).fingerprint());
  const std::string before = with({2, 1, 3}).fingerprint();
  write_file(folder_ / "b", "longer");
  EXPECT_NE(with({2, 1, 3}).fingerprint(), before);
}

TEST_F(StackedFilesTest, FilesWithoutSamplesAreRefused) {
  EXPECT_THAT(
      [&] {
        with({0, 0, 0});
      },
      ThrowsMessage<Error>(AllOf(HasSubstr("a: "), HasSubstr("holds no samples"))));
}

}  // namespace
}  // namespace rangefinder::data
