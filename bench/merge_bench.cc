// How long does it take to write, to read and to add up statistics of the largest models: 10 000
// tensors, 20 000 channels that are counted separately (which take most), or a million whose values
// are added up? One core; the time to add up is that of one more file, read from memory. Release
// builds only.
//
// merge_bench [--benchmark_filter=REGEX]

#include <benchmark/benchmark.h>

#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "statistics/statistics_file.h"

namespace {

using namespace rangefinder::statistics;

std::vector<float> normal_values(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

/// Of a tensor that saw `count` normal values in one batch.
void see(ObservedTensor& tensor, size_t count, uint32_t seed) {
  TensorStatistics statistics;
  statistics.add(normal_values(count, seed));
  BatchFigures figures;
  figures.add(statistics.extrema);
  tensor.channels.push_back(std::move(statistics));
  tensor.batch_figures.push_back(figures);
}

StatisticsFile file_of(std::vector<ObservedTensor> tensors) {
  StatisticsFile file{.model_fingerprint = 1, .plan_fingerprint = 2};
  file.samples[3] = SampleSet::of({0});
  file.tensors = std::move(tensors);
  return file;
}

/// Whole tensors, each of 5000 values.
StatisticsFile many_tensors() {
  std::vector<ObservedTensor> tensors;
  for (uint32_t i = 0; i < 10'000; ++i) {
    tensors.push_back({.name = "layer." + std::to_string(i) + ".output"});
    see(tensors.back(), 5'000, i % 16);
  }
  return file_of(std::move(tensors));
}

/// 20 tensors of 1000 channels, each of which saw 1000 values.
StatisticsFile many_channels() {
  std::vector<ObservedTensor> tensors;
  for (uint32_t i = 0; i < 20; ++i) {
    tensors.push_back({.name = "conv." + std::to_string(i), .channel_axis = 1});
    for (uint32_t channel = 0; channel < 1000; ++channel) see(tensors.back(), 1000, channel % 64);
  }
  return file_of(std::move(tensors));
}

/// 100 tensors of 10 000 channels whose values are added up, as bias correction needs them.
StatisticsFile many_sums() {
  std::vector<ObservedTensor> tensors;
  std::mt19937 random(1);
  for (uint32_t i = 0; i < 100; ++i) {
    tensors.push_back({.name = "fc." + std::to_string(i), .sum_axis = -1});
    see(tensors.back(), 20'000, i);
    std::vector<int64_t> sums(10'000);
    for (int64_t& sum : sums) sum = static_cast<int64_t>(random());
    tensors.back().channel_sums.add({-20, 1, sums});
  }
  return file_of(std::move(tensors));
}

void add(const std::string& name, StatisticsFile (*make)()) {
  const auto file = std::make_shared<StatisticsFile>(make());
  const auto bytes = std::make_shared<std::string>(serialize(*file));
  const auto counted = [bytes](benchmark::State& state) {
    state.counters["MB"] = static_cast<double>(bytes->size()) / 1e6;
  };
  benchmark::RegisterBenchmark((name + "/write").c_str(), [=](benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(serialize(*file));
    counted(state);
  })->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark((name + "/read").c_str(), [=](benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(parse_statistics(*bytes, "a.rfs"));
    counted(state);
  })->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark((name + "/add").c_str(), [=](benchmark::State& state) {
    StatisticsFile sum = *file;
    StatisticsFile more = *file;
    more.samples.clear();
    for (auto _ : state) sum.merge(more);
    counted(state);
  })->Unit(benchmark::kMillisecond);
}

}  // namespace

int main(int argc, char** argv) {
#ifndef NDEBUG
  std::fputs("merge_bench: a debug build tells nothing\n", stderr);
  return 1;
#endif
  benchmark::Initialize(&argc, argv);
  add("10000_tensors", many_tensors);
  add("20000_channels", many_channels);
  add("1000000_sums", many_sums);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
