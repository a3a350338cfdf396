#include "workflow/listed.h"

#include <gtest/gtest.h>

#include <vector>

namespace rangefinder::workflow {
namespace {

TEST(Listed, NamesTheFirstEight) {
  EXPECT_EQ(listed(std::vector<std::string>{}), "");
  EXPECT_EQ(listed(std::vector<std::string>{"a", "b"}), "a, b");
  std::vector<uint64_t> numbers = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(listed(numbers), "1, 2, 3, 4, 5, 6, 7, 8");
  numbers.insert(numbers.end(), {9, 10});
  EXPECT_EQ(listed(numbers), "1, 2, 3, 4, 5, 6, 7, 8 and 2 more");
}

TEST(Listed, SamplesAreRuns) {
  EXPECT_EQ(listed(statistics::SampleSet::of({0, 1, 2, 5, 9, 10})), "0-2, 5, 9-10");
  std::vector<uint64_t> apart;
  for (uint64_t i = 0; i < 20; ++i) apart.push_back(2 * i);
  EXPECT_EQ(listed(statistics::SampleSet::of(apart)), "0, 2, 4, 6, 8, 10, 12, 14 and 12 more");
}

}  // namespace
}  // namespace rangefinder::workflow
