#include "data/natural_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace rangefinder::data {
namespace {

const std::vector<std::string> kOrdered = {"",
                                           "0",
                                           "00",
                                           "1",
                                           "a",
                                           "a/2.npy",
                                           "a/10.npy",
                                           "a/b/1",
                                           "a-1/1.npy",
                                           "a01",
                                           "a1",
                                           "a1b",
                                           "a2",
                                           "a10",
                                           "img2.png",
                                           "img2b.png",
                                           "img010.png",
                                           "img10.png",
                                           "img99999999999999999999998",
                                           "img99999999999999999999999",
                                           "\xC3\xA9"};

TEST(NaturalOrder, DigitsCompareByValue) {
  EXPECT_TRUE(natural_less("img2.png", "img10.png"));
  EXPECT_FALSE(natural_less("img10.png", "img2.png"));
  EXPECT_LT(std::string("img10.png"), "img2.png") << "which is why plain order does not do";
}

TEST(NaturalOrder, IsAStrictTotalOrder) {
  for (size_t i = 0; i < kOrdered.size(); ++i) {
    for (size_t j = 0; j < kOrdered.size(); ++j) {
      EXPECT_EQ(natural_less(kOrdered[i], kOrdered[j]), i < j)
          << kOrdered[i] << " and " << kOrdered[j];
    }
  }
}

TEST(NaturalOrder, SortsWhateverOrderTheFolderGives) {
  std::vector<std::string> names = kOrdered;
  std::shuffle(names.begin(), names.end(), std::mt19937(7));
  std::sort(names.begin(), names.end(), natural_less);
  EXPECT_EQ(names, kOrdered);
}

}  // namespace
}  // namespace rangefinder::data
