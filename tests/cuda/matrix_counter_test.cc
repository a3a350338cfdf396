// The kernels for activation matrices against plain loops, through the (emulated) driver. Against
// the CPU's ranges they are held in tests/analog/ranges/device_calls_test.cc.

#include "cuda/matrix_counter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/error.h"
#include "cuda/matrix_by_hand.h"
#include "support/fake_cuda.h"

namespace rangefinder::cuda {
namespace {

using tensor::ElementType;
using testing::HasSubstr;

DeviceValues on_device(const std::vector<float>& values) {
  return {values.data(), ElementType::kFloat32, values.size(), fake_stream()};
}

TEST(CudaMatrixCounter, CountsFromCallToCallAsAPlainLoop) {
  for (const char* seed : {"seed=1", "seed=77"}) {
    MatrixCounter counter(fake_device(seed));
    counter.set_shape(Weights().shape());
    std::vector<float> all;
    for (uint32_t call = 0; call < 3; ++call) {
      const std::vector<float> values = matrix_calls(call + 1, call);
      const auto largest = counter.survey(on_device(values));
      ASSERT_EQ(largest.size(), 2);
      EXPECT_GE(largest[0], largest[1]);
      counter.count(on_device(values));
      all.insert(all.end(), values.begin(), values.end());
    }
    const MatrixCounter::Counts found = counter.take();
    EXPECT_EQ(found.keys, keys_by_hand(all));
    EXPECT_EQ(found.zero_rows, zero_rows_by_hand(all));
    EXPECT_GT(found.zero_rows, 0);
    EXPECT_EQ(counter.take().zero_rows, 0) << "what was taken is gone";
    EXPECT_EQ(counter.take().keys, keys_by_hand({}));
  }
}

TEST(CudaMatrixCounter, TheLargestIsThatOfTheValuesThatOccur) {
  MatrixCounter counter(fake_device());
  counter.set_shape(Weights().shape());
  std::vector<float> values(size_t{kChannels} * kHeight * kWidth, 0.5f);
  const float infinity = std::numeric_limits<float>::infinity();
  values[0] = infinity;  // Of weight 0 in the first slice, and not in the second.
  values[1] = -9.0f;
  values[size_t{kHeight} * kWidth + 4] = 4.0f;
  EXPECT_THAT(counter.survey(on_device(values)), testing::ElementsAre(as_bits(9), as_bits(4)));
  values[1] = -infinity;
  EXPECT_EQ(counter.survey(on_device(values)).front(), kInfinity);
  values[1] = std::nanf("");
  EXPECT_GT(counter.survey(on_device(values)).front(), kInfinity);
  EXPECT_THAT(counter.survey(on_device({})), testing::ElementsAre(0, 0));
}

TEST(CudaMatrixCounter, ValuesFarBelowTheLargestAndConstantDataAreCounted) {
  std::vector<float> values(size_t{kChannels} * kHeight * kWidth, 0x1p100f);
  for (size_t i = 0; i < values.size(); i += 3) values[i] = 0x1p-120f;
  MatrixCounter counter(fake_device());
  counter.set_shape(Weights().shape());
  counter.survey(on_device(values));
  counter.count(on_device(values));
  EXPECT_EQ(counter.take().keys, keys_by_hand(values));
}

TEST(CudaMatrixCounter, WeightsBeyond32BitsAreAddedUp) {
  MatrixCounter counter(fake_device());
  constexpr uint32_t kWeight = 0xC0000000u;
  counter.set_shape({.channels = 4, .slices = {{{.length = 4, .uniform = kWeight}}}});
  const std::vector<float> values(16, 1.0f);
  counter.survey(on_device(values));
  counter.count(on_device(values));
  EXPECT_EQ(counter.take().keys[0][as_bits(1.0f) >> kKeyShift], 16 * uint64_t{kWeight});
}

TEST(CudaMatrixCounter, RefusesWhatDoesNotFit) {
  MatrixCounter counter(fake_device());
  const std::vector<float> values(7, 1.0f);
  EXPECT_THROW(counter.survey(on_device(values)), std::invalid_argument) << "no shape yet";
  counter.set_shape({.channels = 4, .slices = {{{.length = 4, .uniform = 1}}}});
  EXPECT_THROW(counter.survey(on_device(values)), std::invalid_argument);
  EXPECT_THROW(counter.set_shape(Weights().shape()), std::invalid_argument);
  const std::vector<int64_t> numbers(4);
  EXPECT_THAT(
      [&] {
        counter.survey({numbers.data(), ElementType::kInt64, 4, nullptr});
      },
      testing::ThrowsMessage<std::invalid_argument>(HasSubstr("int64")));
}

TEST(CudaMatrixCounter, SaysWhatIsNeededWhenMemoryRunsOutAndGivesAllBack) {
  const size_t before = fake_memory_used();
  {
    MatrixCounter counter(fake_device("memory=" + std::to_string(before + 100'000)));
    counter.set_shape(Weights().shape());
    const std::vector<float> values = matrix_calls(1, 1);
    counter.survey(on_device(values));
    EXPECT_THAT([&] { counter.count(on_device(values)); },
                testing::ThrowsMessage<Error>(HasSubstr("needed for the counts of a layer")));
  }
  EXPECT_EQ(fake_memory_used(), before);
}

}  // namespace
}  // namespace rangefinder::cuda
