// The real kernels on a real GPU, through the system's driver, against the host's counters. Where
// there is none they are skipped, unless RANGEFINDER_NEEDS_GPU is set (scripts/gpu_check.sh).

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <span>
#include <vector>

#include "cuda/counter.h"
#include "cuda/matrix_by_hand.h"
#include "cuda/matrix_counter.h"
#include "statistics/samples.h"
#include "tensor/half.h"

namespace rangefinder::cuda {
namespace {

using statistics::ChannelLayout;
using statistics::mixed_values;
using statistics::TensorStatistics;
using tensor::ElementType;

class CudaHardware : public testing::Test {
 protected:
  void SetUp() override {
    OpenedDevice opened = open_device(0);
    if (opened.device && opened.device->name().find("(emulated)") != std::string::npos) {
      opened = {.none_because = "the fake driver has the place of the system's"};
    }
    if (opened.device) {
      device_ = opened.device;
    } else if (std::getenv("RANGEFINDER_NEEDS_GPU") != nullptr) {
      FAIL() << opened.none_because;
    } else {
      GTEST_SKIP() << opened.none_because;
    }
  }

  template <class T>
  Memory upload(std::span<const T> values) {
    Memory memory(device_, std::max<size_t>(values.size_bytes(), 1), "a test");
    device_->copy_from_host(memory.address(), std::as_bytes(values));
    return memory;
  }

  static DeviceValues at(const Memory& memory, ElementType type, size_t size, size_t offset = 0) {
    return {memory.as<std::byte>(offset * tensor::element_size(type)), type, size, nullptr};
  }

  std::shared_ptr<const Device> device_;
};

std::vector<std::vector<float>> hard_data() {
  constexpr size_t kSize = 3'000'017;
  std::vector<std::vector<float>> data = {mixed_values(kSize, 1, true),
                                          std::vector<float>(kSize, -1.5f)};
  data.push_back(mixed_values(kSize, 2, false));
  for (float& value : data.back()) value = std::clamp(value, 0.0f, 6.0f);
  return data;
}

TEST_F(CudaHardware, CountsAsTheHost) {
  for (const auto& values : hard_data()) {
    const Memory memory = upload<float>(values);
    for (const size_t offset : {0, 1, 3}) {
      for (const size_t size : {size_t{0}, size_t{5}, size_t{1000}, values.size() - 3}) {
        Counter counter(device_, 1);
        TensorStatistics found;
        TensorStatistics expected;
        counter.count(0, at(memory, ElementType::kFloat32, size, offset), {}, {{&found, 1}, {}});
        counter.finish();
        counter.flush(0, {&found, 1});
        statistics::Counter().count(std::span(values).subspan(offset, size), expected);
        ASSERT_EQ(found, expected) << size << " from " << offset;
      }
    }
  }
}

TEST_F(CudaHardware, CountsHalvesAsTheHost) {
  std::vector<uint16_t> halves(1'000'003);
  for (size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<uint16_t>(i * 40'503);
  const Memory memory = upload<uint16_t>(halves);
  for (const auto type : {ElementType::kFloat16, ElementType::kBfloat16}) {
    Counter counter(device_, 1);
    TensorStatistics found;
    TensorStatistics expected;
    counter.count(0, at(memory, type, halves.size()), {}, {{&found, 1}, {}});
    counter.finish();
    counter.flush(0, {&found, 1});
    if (type == ElementType::kFloat16) {
      statistics::Counter().count_float16(halves, expected);
    } else {
      statistics::Counter().count_bfloat16(halves, expected);
    }
    EXPECT_EQ(found, expected);
  }
}

TEST_F(CudaHardware, CountsChannelsSumsAndRowsAsTheHost) {
  const auto values = mixed_values(4 * 64 * 40 * 40, 3, false);
  const Memory memory = upload<float>(values);
  const auto on_device = at(memory, ElementType::kFloat32, values.size());
  const ChannelLayout layout{4, 64, 1600};
  const statistics::SumLayout sums{.entries = 4, .channels = 64, .inner = 1600};
  Counter counter(device_, 1);
  std::vector<TensorStatistics> found(64);
  std::vector<TensorStatistics> expected(64);
  statistics::ChannelSums found_sums;
  statistics::ChannelSums expected_sums;
  statistics::RowTop found_rows(statistics::RowTop::kMaxK);
  statistics::RowTop expected_rows(statistics::RowTop::kMaxK);
  counter.count(0, on_device, layout, {found, {}});
  counter.add_sums(0, on_device, sums, found_sums);
  counter.keep_rows(on_device, 64, 1600, found_rows);
  counter.finish();
  counter.flush(0, found);
  statistics::Counter().count_channels_nchw(values, layout, expected);
  statistics::ChannelSummer().add(values, sums, statistics::ChannelSummer::largest(values, sums),
                                  expected_sums);
  expected_rows.add(values, 64, 1600);
  EXPECT_EQ(found, expected);
  EXPECT_EQ(found_sums, expected_sums);
  EXPECT_EQ(found_rows, expected_rows);
}

TEST_F(CudaHardware, CountsActivationMatricesAsAPlainLoop) {
  const Weights weights;
  MatrixCounter counter(device_);
  counter.set_shape(weights.shape());
  const std::vector<float> values = matrix_calls(500, 3);
  const Memory memory = upload(std::span<const float>(values));
  const DeviceValues there = at(memory, ElementType::kFloat32, values.size());
  for (int call = 0; call < 3; ++call) {
    float largest = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      const bool occurs = weights.plane[i % weights.plane.size()] != 0;
      if (occurs) largest = std::fmax(largest, std::fabs(values[i]));
    }
    EXPECT_EQ(counter.survey(there).front(), as_bits(largest));
    counter.count(there);
    const MatrixCounter::Counts found = counter.take();
    EXPECT_EQ(found.keys, keys_by_hand(values));
    EXPECT_EQ(found.zero_rows, zero_rows_by_hand(values));
  }
}

}  // namespace
}  // namespace rangefinder::cuda
