#include "refine/simd/multiply_add.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/all_targets.h"
#include "support/streams.h"

namespace rangefinder::refine::simd {
namespace {

using test_support::for_all_targets;

std::vector<float> noise(size_t count, uint32_t seed) {
  const tensor::Tensor values =
      support::stream_batch("normal", seed, {static_cast<int64_t>(count)});
  return {values.floats().begin(), values.floats().end()};
}

/// Room around what a product may read or write, so that whoever goes beyond is found out.
constexpr size_t kGap = 3;

void expect_same(ProductSize size, bool a_is_transposed, const std::string& target) {
  const size_t a_stride = (a_is_transposed ? size.rows : size.depth) + kGap;
  const size_t stride = size.columns + kGap;
  const auto a = noise(a_stride * (a_is_transposed ? size.depth : size.rows) + 1, 1);
  const auto b = noise(stride * size.depth + 1, 2);
  const MatrixView view{a.data() + 1, a_is_transposed ? 1 : a_stride,
                        a_is_transposed ? a_stride : 1};
  std::vector<float> found = noise(stride * size.rows + 1, 3);
  std::vector<float> expected = found;
  multiply_add(view, b.data() + 1, stride, {found.data() + 1, stride}, size);
  multiply_add_reference(view, b.data() + 1, stride, {expected.data() + 1, stride}, size);
  ASSERT_EQ(found, expected) << target << ": " << size.rows << " x " << size.columns << " over "
                             << size.depth << (a_is_transposed ? ", transposed" : "");
}

TEST(MultiplyAdd, EqualsThePlainLoopForAllSizes) {
  for_all_targets([](const std::string& target) {
    for (const size_t rows : {0, 1, 3, 4, 5}) {
      for (size_t columns = 0; columns <= 70; ++columns) {
        for (const size_t depth : {0, 1, 7}) {
          expect_same({rows, columns, depth}, false, target);
          expect_same({rows, columns, depth}, true, target);
        }
      }
    }
  });
}

TEST(MultiplyAdd, EqualsThePlainLoopBeyondOneBlock) {
  for_all_targets([](const std::string& target) {
    for (const bool transposed : {false, true}) {
      expect_same({67, 33, 9}, transposed, target);
      expect_same({129, 17, 3}, transposed, target);
      expect_same({6, 40, 255}, transposed, target);
      expect_same({6, 40, 256}, transposed, target);
      expect_same({6, 40, 515}, transposed, target);
    }
  });
}

// What lets callers cut the work: sums go on where they were left.
TEST(MultiplyAdd, TwoHalvesAreTheWhole) {
  const std::vector<float> a = noise(4 * 10, 4);
  const std::vector<float> b = noise(10 * 16, 5);
  std::vector<float> whole(4 * 16);
  std::vector<float> parts(4 * 16);
  multiply_add({a.data(), 10, 1}, b.data(), 16, {whole.data(), 16}, {4, 16, 10});
  multiply_add({a.data(), 10, 1}, b.data(), 16, {parts.data(), 16}, {4, 16, 3});
  multiply_add({a.data() + 3, 10, 1}, b.data() + 3 * 16, 16, {parts.data(), 16}, {4, 16, 7});
  EXPECT_EQ(whole, parts);
}

TEST(MultiplyAdd, RoundsTheProductBeforeItAdds) {
  // (1 + e)^2 - 1 is 2e if the product is rounded, 2e + e^2 if it is fused.
  const float e = 0x1p-12f;
  const std::vector<float> a(4, 1 + e);
  const std::vector<float> b(64, 1 + e);
  for_all_targets([&](const std::string& target) {
    std::vector<float> c(4 * 64, -1);
    multiply_add({a.data(), 1, 1}, b.data(), 64, {c.data(), 64}, {4, 64, 1});
    for (const float value : c) ASSERT_EQ(value, 2 * e) << target;
  });
}

}  // namespace
}  // namespace rangefinder::refine::simd
