#include "statistics/simd/sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "statistics/samples.h"
#include "support/all_targets.h"

namespace rangefinder::statistics::simd {
namespace {

struct Result {
  BlockSummary summary;
  std::vector<uint16_t> keys;

  bool operator==(const Result&) const = default;
};

template <class Kernel>
Result run(Kernel kernel, std::span<const float> values) {
  Result result{{}, std::vector<uint16_t>(kBlockValues + kKeyPadding)};
  result.summary = kernel(values, result.keys.data());
  result.keys.resize(result.summary.key_count);
  return result;
}

/// Counters of all keys; those of before() are there already.
struct Counted {
  BlockSummary summary;
  std::vector<KeyCount> counts = before();

  static std::vector<KeyCount> before() {
    std::vector<KeyCount> counts(ValueHistogram::kKeyCount);
    for (size_t key = 0; key < counts.size(); key += 5) counts[key] = 3;
    // Zeros are counted there and taken back.
    counts[0] = std::numeric_limits<KeyCount>::max() - 5;
    return counts;
  }
  bool operator==(const Counted&) const = default;
};

template <class Kernel>
Counted count(Kernel kernel, std::span<const float> values) {
  Counted counted;
  counted.summary = kernel(values, counted.counts.data());
  return counted;
}

void expect_same_keys(std::span<const float> values, const std::string& target) {
  const Result expected = run(compress_keys_reference, values);
  ASSERT_EQ(run(compress_keys, values), expected) << target << ", " << values.size() << " values";
}

void expect_same_counts(std::span<const float> values, const std::string& target) {
  const Counted expected = count(count_keys_reference, values);
  ASSERT_TRUE(count(count_keys, values) == expected)
      << target << ", " << values.size() << " values";
}

using Expect = void (*)(std::span<const float>, const std::string&);

class Sweep : public testing::TestWithParam<Expect> {};

TEST_P(Sweep, EqualsThePlainLoopForAllLengthsAndOffsets) {
  const std::vector<float> values = mixed_values(kBlockValues + 16, 1, true);
  test_support::for_all_targets([&](const std::string& target) {
    for (size_t length = 0; length <= 200; ++length) {
      for (size_t offset = 0; offset < 9; ++offset) {
        GetParam()({&values[offset], length}, target);
      }
    }
    GetParam()({values.data(), kBlockValues}, target);
    GetParam()({&values[3], kBlockValues - 1}, target);
  });
}

TEST_P(Sweep, EqualsThePlainLoopForEverySetOfZeros) {
  test_support::for_all_targets([](const std::string& target) {
    for (uint32_t set = 0; set < 256; ++set) {
      std::vector<float> values(32);
      for (size_t i = 0; i < 32; ++i) {
        const float zero = i % 3 == 0 ? -0.0f : 0.0f;
        values[i] = set >> (i % 8) & 1 ? static_cast<float>(i) : zero;
      }
      GetParam()(values, target);
    }
  });
}

TEST_P(Sweep, EqualsThePlainLoopInRunsOfEqualValues) {
  test_support::for_all_targets([](const std::string& target) {
    for (const float value : {1.5f, -2.0f, 0.0f, -0.0f, 1e-42f, std::nanf("")}) {
      for (size_t other = 0; other < 40; ++other) {
        std::vector<float> values(40, value);
        values[other] = 0.75f;
        GetParam()(values, target);
      }
      GetParam()(std::vector<float>(kBlockValues, value), target);
    }
  });
}

TEST_P(Sweep, ReadsNothingBehindTheEnd) {
  test_support::for_all_targets([](const std::string& target) {
    for (size_t length = 1; length < 40; ++length) {
      // Of exactly this size, so that the address sanitizer sees a read too far.
      GetParam()(mixed_values(length, 2, false), target);
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Keys, Sweep, testing::Values(expect_same_keys));
INSTANTIATE_TEST_SUITE_P(Counts, Sweep, testing::Values(expect_same_counts));

TEST(BlockSummary, TellsTheExtremesForEveryMixOfSigns) {
  const auto summary = [](std::vector<float> values) {
    return run(compress_keys_reference, values).summary;
  };
  const auto expect = [&](std::vector<float> values, float low, float high) {
    EXPECT_EQ(summary(values).min(), low);
    EXPECT_EQ(summary(values).max(), high);
  };
  expect({3, -2, 0.5}, -2, 3);
  expect({3, 2}, 2, 3);
  expect({-3, -2}, -3, -2);
  expect({0, 2}, 0, 2);
  expect({-0.0f, -2}, -2, 0);
  expect({-0.0f}, 0, 0);
  expect({1e-45f}, 1e-45f, 1e-45f);
}

TEST(BlockSummary, KnowsWhetherAllIsFinite) {
  const float inf = std::numeric_limits<float>::infinity();
  const auto finite = [](float value) {
    return run(compress_keys_reference, std::vector<float>{1, value, -1}).summary.all_finite();
  };
  EXPECT_TRUE(finite(std::numeric_limits<float>::max()));
  EXPECT_TRUE(finite(std::numeric_limits<float>::lowest()));
  EXPECT_FALSE(finite(inf));
  EXPECT_FALSE(finite(-inf));
  EXPECT_FALSE(finite(std::bit_cast<float>(0x7FFFFFFFu)));
  EXPECT_FALSE(finite(std::bit_cast<float>(0xFF800001u)));
}

}  // namespace
}  // namespace rangefinder::statistics::simd
