#include "rangefinder/tensor_counter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "rangefinder/error.h"
#include "support/fake_cuda.h"

namespace rangefinder {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// NaN and infinities among them, if they may be.
Tensor batch(Shape shape, int seed, bool with_nonfinite = true) {
  Tensor values(ElementType::kFloat32, std::move(shape));
  const std::span<float> all = values.floats();
  for (size_t i = 0; i < all.size(); ++i) {
    const auto x = static_cast<float>(i) + static_cast<float>(seed) * 0.37F;
    all[i] = i % 5 == 0 ? 0.0F : std::sin(x) * std::exp(std::fmod(x, 9.0F));
  }
  if (with_nonfinite && all.size() > 3) {
    all[1] = std::numeric_limits<float>::quiet_NaN();
    all[3] = -std::numeric_limits<float>::infinity();
  }
  return values;
}

/// Random bits are as good halves as any.
Tensor halves(ElementType type, Shape shape, int seed) {
  Tensor values(type, std::move(shape));
  uint32_t state = static_cast<uint32_t>(seed) * 2654435761U + 1;
  for (std::byte& byte : values.bytes()) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<std::byte>(state >> 24);
  }
  return values;
}

TensorPlace gpu(int number = 0) {
  return {.device = {.kind = Device::Kind::kCuda, .number = number}, .stream = cuda::fake_stream()};
}

/// Everything there is: types, per tensor and per channel, matrices and pictures.
Statistics count_all(const TensorPlace& place) {
  TensorCounter counter;
  for (int i = 0; i < 3; ++i) {
    counter.count("picture", batch({2, 3, 5, 7}, i).view(), {}, place);
    counter.count("channels", batch({2, 3, 5, 7}, i + 10).view(), 1, place);
    counter.count("features", batch({4, 33}, i + 20).view(), -1, place);
    counter.count("logits", batch({6, 10}, i + 30, i == 1).view(), {}, place);
    for (const auto& [name, type] :
         {std::pair{"half", ElementType::kFloat16}, std::pair{"brain", ElementType::kBfloat16}}) {
      counter.count(name, halves(type, {3, 41}, i).view(), {}, place);
      counter.count(std::string(name) + " channels", halves(type, {3, 4, 5}, i).view(), 1, place);
    }
  }
  counter.count("scalar", batch({}, 1).view(), {}, place);
  counter.count("empty", batch({0, 4}, 1).view(), {}, place);
  return counter.statistics();
}

TEST(TensorCounter, CountsOnTheHost) {
  TensorCounter counter;
  counter.count("x", Tensor::from_floats({2, 2}, std::vector<float>{1, -2, 0, 4}).view());
  counter.count("x", Tensor::from_floats({1, 2}, std::vector<float>{-8, 0}).view());
  counter.count("a", Tensor::from_floats({2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6}).view(), -1);
  const Statistics found = counter.statistics();
  EXPECT_THAT(found.tensors(), ElementsAre(ObservedValues{"a", 3, 6, 1, 6, 0, 0, 0},
                                           ObservedValues{"x", 1, 6, -8, 4, 2, 0, 0}));
  EXPECT_EQ(Statistics::parse(found.bytes()), found);
}

TEST(TensorCounter, StatisticsMergeAndGoOn) {
  TensorCounter whole;
  TensorCounter first;
  TensorCounter second;
  for (int i = 0; i < 4; ++i) {
    const Tensor values = batch({3, 9}, i);
    whole.count("x", values.view());
    (i % 2 == 0 ? first : second).count("x", values.view());
    EXPECT_EQ(whole.statistics().tensors().front().count, static_cast<uint64_t>(27 * (i + 1)));
  }
  Statistics sum = first.statistics();
  sum.merge(second.statistics());
  EXPECT_EQ(sum.bytes(), whole.statistics().bytes());
}

TEST(TensorCounter, RefusesWhatIsNotAsBefore) {
  TensorCounter counter;
  counter.count("x", batch({2, 3}, 1).view(), 1);
  const auto refused = [&](const Tensor& values, std::optional<int64_t> axis, const char* why) {
    EXPECT_THAT([&] { counter.count("x", values.view(), axis); },
                ThrowsMessage<std::invalid_argument>(AllOf(HasSubstr("'x'"), HasSubstr(why))));
  };
  refused(batch({2, 3}, 1), {}, "another channel axis");
  refused(batch({2, 3}, 1), 2, "no channel axis 2 in shape [2, 3]");
  refused(batch({2, 4}, 1), 1, "4 channels, there were 3");
  refused(halves(ElementType::kFloat16, {2, 3}, 1), 1, "float16 values, there were float32");
  EXPECT_THAT([&] { counter.count("y", Tensor(ElementType::kInt64, {3}).view()); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("cannot observe int64")));
  EXPECT_THAT(counter.statistics().tensors(), ElementsAre(Field(&ObservedValues::count, 6)));
}

class TensorCounterOnDevice : public testing::Test {
 protected:
  void SetUp() override {
    if (RANGEFINDER_HAS_KERNELS == 0) GTEST_SKIP() << "a build without kernels";
  }
};

TEST_F(TensorCounterOnDevice, CountsWhatTheHostCounts) {
  const std::string on_host = count_all({}).bytes();
  for (const char* settings : {"seed=1", "seed=400"}) {
    cuda::use_fake_driver_as_system(settings);
    const uint64_t launches = cuda::fake_function<uint64_t()>("fake_driver_launches")();
    EXPECT_EQ(count_all(gpu()).bytes(), on_host);
    EXPECT_GT(cuda::fake_function<uint64_t()>("fake_driver_launches")(), launches);
  }
}

TEST_F(TensorCounterOnDevice, OneTensorMayLieInSeveralPlaces) {
  cuda::use_fake_driver_as_system("devices=2");
  TensorCounter everywhere;
  TensorCounter on_host;
  const TensorPlace places[] = {{}, gpu(0), gpu(1)};
  for (int i = 0; i < 6; ++i) {
    everywhere.count("x", batch({4, 8}, i).view(), 1, places[i % 3]);
    on_host.count("x", batch({4, 8}, i).view(), 1);
  }
  EXPECT_EQ(everywhere.statistics().bytes(), on_host.statistics().bytes());
}

TEST_F(TensorCounterOnDevice, ErrorsNameTheTensorAndLeaveNoTrace) {
  const size_t used = cuda::fake_memory_used();
  const int contexts = cuda::fake_contexts();
  TensorCounter counter;
  const Tensor values = batch({4, 8}, 1);
  const auto error = [&](const std::string& driver, const TensorPlace& place) -> std::string {
    cuda::use_fake_driver_as_system(driver);
    try {
      counter.count("fc1", values.view(), {}, place);
    } catch (const Error& thrown) {
      EXPECT_EQ(thrown.place().tensor, "fc1");
      return thrown.what();
    }
    return "no error";
  };
  EXPECT_THAT(error("devices=2", gpu(2)), HasSubstr("no CUDA device 2; the last one is 1"));
  EXPECT_THAT(error("devices=0", gpu()), HasSubstr("cuda:0 cannot be used: the CUDA driver finds"));
  EXPECT_THAT(error("memory=" + std::to_string(used + 100'000), gpu()),
              AllOf(HasSubstr("out of memory"), HasSubstr("needed for the counts of a tensor")));
  EXPECT_THAT(error("fail=cuLaunchKernel:701", gpu()), HasSubstr("starting a kernel"));
  cuda::use_fake_driver_as_system();
  EXPECT_THAT([&] { counter.count("n", Tensor(ElementType::kInt64, {3}).view(), {}, gpu()); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("cannot observe int64")));
  EXPECT_THAT(counter.statistics().tensors(), ElementsAre());
  EXPECT_EQ(cuda::fake_memory_used(), used);
  EXPECT_EQ(cuda::fake_contexts(), contexts);
}

}  // namespace
}  // namespace rangefinder
