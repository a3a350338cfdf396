#include "data/npz_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "data/npz.h"
#include "data/temporary_folder.h"

namespace rangefinder::data {
namespace {

using tensor::Tensor;
using testing::HasSubstr;
using testing::ThrowsMessage;

class NpzRowsTest : public testing::Test {
 protected:
  NpzRowsTest() {
    write_npz(file(), {{"x", Tensor::from_floats({3, 2}, std::vector<float>{0, 1, 2, 3, 4, 5})},
                       {"y", Tensor::from_floats({3}, std::vector<float>{6, 7, 8})}});
  }

  std::filesystem::path file() const { return folder_ / "a.npz"; }

  const std::map<std::string, tensor::Shape> shapes_ = {{"x", {2}}, {"y", {}}};
  TemporaryFolder folder_;
};

TEST_F(NpzRowsTest, GivesRowsForwardsAndBackwards) {
  NpzRows rows(file());
  EXPECT_EQ(rows.headers().at("x").shape, (tensor::Shape{3, 2}));
  for (const uint64_t row : {0, 2, 1, 1}) {
    const auto sample = rows.read_row(shapes_, row);
    const auto first = static_cast<float>(2 * row);
    EXPECT_EQ(sample.at("x"), Tensor::from_floats({2}, std::vector<float>{first, first + 1}));
    EXPECT_EQ(sample.at("y"),
              Tensor::from_floats({}, std::vector<float>{static_cast<float>(6 + row)}));
    EXPECT_EQ(rows.position(), row + 1);
  }
}

TEST_F(NpzRowsTest, GivesWholeArraysIfTheyAreWanted) {
  NpzRows rows(file());
  EXPECT_EQ(rows.read("y", {}).element_count(), 3u);
  EXPECT_THAT([&] { rows.read("y", [](const NamedHeaders&) { throw Error("not wanted"); }); },
              ThrowsMessage<Error>("not wanted"));
  EXPECT_THAT([&] { rows.read("z", {}); }, ThrowsMessage<Error>(HasSubstr("no longer there")));
}

TEST_F(NpzRowsTest, TheLastRowTellsDamage) {
  std::string bytes = read_file(file());
  const std::string six("\0\0\xC0\x40", 4);
  bytes[bytes.find(six)] = 1;
  write_file(file(), bytes);
  NpzRows rows(file());
  rows.read_row(shapes_, 1);
  EXPECT_THAT([&] { rows.read_row(shapes_, 2); }, ThrowsMessage<Error>(HasSubstr("CRC")));
}

}  // namespace
}  // namespace rangefinder::data
