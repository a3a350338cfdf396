// How long does it take to solve a model, once its statistics are there?
//
// 74 tensors with the histograms of a ResNet-50's activations in kind: half of them one-sided, half
// two-sided, 17 octaves of full buckets, on one core. And 2048 channels for the methods that are
// used per channel: on one core, and as the product solves them, on all.

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "observers/registry.h"
#include "search/float8.h"
#include "search/isotone.h"
#include "search/kl.h"
#include "search/minmax.h"
#include "search/mse.h"
#include "search/percentile.h"
#include "search/standard_deviation.h"

namespace rangefinder {
namespace {

using quantization::Grid;
using statistics::TensorStatistics;

constexpr int kTensors = 74;
constexpr int kChannels = 2048;

/// Half-normal counts over all buckets of 17 octaves below 8, on one or both sides.
TensorStatistics full_statistics(bool two_sided, uint64_t seed) {
  TensorStatistics result;
  std::mt19937_64 random(seed);
  const double sigma = 1 + std::uniform_real_distribution<double>()(random);
  for (int octave = -14; octave < 3; ++octave) {
    for (int i = 0; i < 128; ++i) {
      const double x = std::ldexp(1 + (i + 0.5) / 128, octave);
      const double mean = 1e7 * std::ldexp(1.0, octave) / 128 * std::exp(-x * x / sigma / sigma);
      const auto count = static_cast<uint64_t>(mean) + random() % 3;
      if (count == 0) continue;
      for (const double side : {1.0, -1.0}) {
        if (side < 0 && !two_sided) continue;
        const auto value = static_cast<float>(side * x);
        result.histogram.add(value, count);
        result.extrema.add(value);
      }
    }
  }
  result.histogram.add_zeros(1000000);
  result.extrema.add(0);
  return result;
}

std::vector<TensorStatistics> model(int count) {
  std::vector<TensorStatistics> result;
  for (int i = 0; i < count; ++i) result.push_back(full_statistics(i % 2 == 1, i));
  return result;
}

std::vector<statistics::RowTop::Row> rows() {
  statistics::RowTop top;
  std::mt19937_64 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> row(1000);
  for (int i = 0; i < 500; ++i) {
    for (float& x : row) x = normal(random);
    top.add_row(row);
  }
  return top.rows();
}

Grid grid_of(const benchmark::State& state) {
  const auto bits = static_cast<int>(state.range(0));
  const int64_t half = int64_t{1} << (bits - 1);
  if (state.range(1) != 0) return {-half, half - 1, true};
  return {0, 2 * half - 1};
}

/// Solves every tensor in each iteration.
template <typename Solve>
void solve_all(benchmark::State& state, int count, Solve solve) {
  const auto tensors = model(count);
  for (auto _ : state) {
    for (const TensorStatistics& t : tensors) benchmark::DoNotOptimize(solve(t));
  }
  state.counters["tensors"] = count;
}

void minmax(benchmark::State& state) {
  const Grid grid = grid_of(state);
  solve_all(state, kTensors, [&](const auto& t) { return search::minmax(t, grid); });
}

void percentile(benchmark::State& state) {
  const Grid grid = grid_of(state);
  solve_all(state, kTensors, [&](const auto& t) { return search::percentile(t, grid, 0.9999); });
}

void standard_deviation(benchmark::State& state) {
  const Grid grid = grid_of(state);
  solve_all(state, kTensors, [&](const auto& t) { return search::standard_deviation(t, grid, 3); });
}

void mse(benchmark::State& state) {
  const Grid grid = grid_of(state);
  solve_all(state, kTensors, [&](const auto& t) { return search::mse(t, grid); });
}

void kl(benchmark::State& state) {
  const Grid grid = grid_of(state);
  solve_all(state, kTensors, [&](const auto& t) { return search::kl(t, grid); });
}

/// 500 rows of one output: a model has one such tensor.
void isotone_one_output(benchmark::State& state) {
  const Grid grid = grid_of(state);
  const auto all = rows();
  solve_all(state, 1, [&](const auto& t) { return search::isotone(t, all, grid); });
}

void float8_mse(benchmark::State& state) {
  solve_all(state, kTensors, [](const auto& t) { return search::float8_mse(t, {}); });
}

void mse_per_channel_one_core(benchmark::State& state) {
  const Grid grid = grid_of(state);
  solve_all(state, kChannels, [&](const auto& t) { return search::mse(t, grid); });
}

void kl_per_channel_one_core(benchmark::State& state) {
  const Grid grid = grid_of(state);
  solve_all(state, kChannels, [&](const auto& t) { return search::kl(t, grid); });
}

void solve_channels(benchmark::State& state, const char* method) {
  using quantization::Symmetry;
  const auto channels = model(kChannels);
  auto config = quantization::TensorQuantizationConfig::linear(
      state.range(1) != 0 ? Symmetry::kSymmetric : Symmetry::kAsymmetric);
  config.properties.granularity = quantization::Granularity::kPerChannel;
  config.channel_axis = 0;
  for (auto _ : state) {
    const auto observer = observers::registry().create(method, config);
    benchmark::DoNotOptimize(observer->solve({.channels = channels}));
  }
  state.counters["channels"] = kChannels;
}

void mse_per_channel(benchmark::State& state) { solve_channels(state, "mse"); }
void kl_per_channel(benchmark::State& state) { solve_channels(state, "kl"); }

void grids(benchmark::internal::Benchmark* b) {
  b->ArgNames({"bits", "symmetric"})->Unit(benchmark::kMillisecond);
  for (const int bits : {4, 8, 16}) b->Args({bits, 0})->Args({bits, 1});
}

void eight_bits(benchmark::internal::Benchmark* b) {
  b->ArgNames({"bits", "symmetric"})->Unit(benchmark::kMillisecond);
  b->Args({8, 0})->Args({8, 1});
}

BENCHMARK(minmax)->Apply(eight_bits);
BENCHMARK(percentile)->Apply(eight_bits);
BENCHMARK(standard_deviation)->Apply(eight_bits);
BENCHMARK(mse)->Apply(grids);
BENCHMARK(kl)->Apply(grids);
BENCHMARK(isotone_one_output)->Apply(eight_bits);
BENCHMARK(float8_mse)->Unit(benchmark::kMillisecond);
BENCHMARK(mse_per_channel_one_core)->Apply(eight_bits);
BENCHMARK(kl_per_channel_one_core)->Apply(eight_bits);
BENCHMARK(mse_per_channel)->Apply(eight_bits)->UseRealTime();
BENCHMARK(kl_per_channel)->Apply(eight_bits)->UseRealTime();

}  // namespace
}  // namespace rangefinder

int main(int argc, char** argv) {
#ifndef NDEBUG
  std::fputs("solve_bench: not a release build, its figures would mean nothing\n", stderr);
  return 1;
#endif
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
