#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "data/sample_source.h"
#include "tensor/tensor.h"

namespace rangefinder::data {

/// 0, 1, 2, ...
inline tensor::Tensor counting(const tensor::Shape& shape) {
  tensor::Tensor tensor(tensor::ElementType::kFloat32, shape);
  float value = 0;
  for (float& element : tensor.floats()) element = value++;
  return tensor;
}

/// Files of counting({64, 2}), two values a sample, read by four threads at once.
inline void expect_read_by_threads(const SampleSource& source, const std::string& name) {
  std::atomic<size_t> next = 0;
  std::atomic<int> wrong = 0;
  const auto read_some = [&] {
    for (size_t i = next++; i < source.size(); i = next++) {
      if (source.read(i).at(name).floats()[0] != static_cast<float>(2 * (i % 64))) ++wrong;
    }
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back(read_some);
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace rangefinder::data
