// How fast are float values counted into statistics, on one core, against the plain reference loop,
// a naive loop over one table, and the memory itself (a plain sum)? items_per_second is values per
// second.
//
// count_bench [--benchmark_filter=REGEX] [--benchmark_format=json] [INSTRUCTIONS]; release builds
// only. INSTRUCTIONS: the set to be held to, as Highway names it (AVX3, AVX2, SSE4, ...).

#include <benchmark/benchmark.h>
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdio>
#include <functional>
#include <numeric>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "statistics/counter.h"
#include "statistics/value_histogram.h"
#include "tensor/half.h"

namespace {

using rangefinder::statistics::ChannelLayout;
using rangefinder::statistics::Counter;
using rangefinder::statistics::TensorStatistics;
using rangefinder::statistics::ValueHistogram;

/// A ResNet's second stage: 512 channels of 28 x 28, 1.6 MB.
constexpr ChannelLayout kLayout{1, 512, 28 * 28};
constexpr size_t kSize = kLayout.channels * kLayout.inner;

using Generator = std::function<float(size_t, float)>;

/// Fills the tensor from independent standard normal values.
std::vector<float> generate(const Generator& value) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> values(kSize);
  for (size_t i = 0; i < kSize; ++i) values[i] = value(i, normal(random));
  return values;
}

struct Data {
  std::string name;
  std::vector<float> values;
};

std::vector<Data> all_data() {
  return {
      {"normal", generate([](size_t, float x) { return x; })},
      // 60 % zeros: the 0.6 quantile of the normal distribution is 0.2533.
      {"relu", generate([](size_t, float x) { return std::max(0.0f, x - 0.2533f); })},
      {"constant", generate([](size_t, float) { return 1.5f; })},
      {"sparse", generate([](size_t i, float x) { return i % 50 == 0 ? x : 0.0f; })},
      {"channel_scaled", generate([](size_t i, float x) {
         return x * std::exp2(static_cast<float>(i / kLayout.inner % 16) - 8);
       })},
  };
}

template <class Body>
void add(const std::string& name, Body body) {
  benchmark::RegisterBenchmark(name.c_str(), [body](benchmark::State& state) mutable {
    for (auto _ : state) body();
    state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kSize));
  });
}

/// Unrolled so that it waits for memory, not for additions.
float plain_sum(const std::vector<float>& values) {
  std::array<float, 32> sums = {};
  for (size_t i = 0; i < values.size(); i += sums.size()) {
    for (size_t k = 0; k < sums.size(); ++k) sums[k] += values[i + k];
  }
  return std::accumulate(sums.begin(), sums.end(), 0.0f);
}

/// What one would write first: a test, two comparisons and one increment per value.
class OneTable {
 public:
  void count(std::span<const float> values) {
    for (const float value : values) {
      if (!std::isfinite(value)) continue;
      min_ = std::min(min_, value);
      max_ = std::max(max_, value);
      ++counts_[std::bit_cast<uint32_t>(value) >> ValueHistogram::kShift];
    }
  }

 private:
  float min_ = 0;
  float max_ = 0;
  std::vector<uint64_t> counts_ = std::vector<uint64_t>(1u << (32 - ValueHistogram::kShift));
};

void add_benchmarks(const Data& data, Counter& counter) {
  const std::vector<float>& values = data.values;
  add("sum/" + data.name, [&] { benchmark::DoNotOptimize(plain_sum(values)); });
  add("reference/" + data.name, [&, s = TensorStatistics()]() mutable { s.add(values); });
  add("naive/" + data.name, [&, table = OneTable()]() mutable { table.count(values); });
  add("count/" + data.name, [&, s = TensorStatistics()]() mutable { counter.count(values, s); });
  add("count_small_runs/" + data.name, [&, s = TensorStatistics()]() mutable {
    for (size_t i = 0; i < kSize; i += 1024) counter.count({&values[i], 1024}, s);
  });
  add("channels_nchw/" + data.name,
      [&, s = std::vector<TensorStatistics>(kLayout.channels)]() mutable {
        counter.count_channels_nchw(values, kLayout, s);
      });
  add("channels_nhwc/" + data.name,
      [&, s = std::vector<TensorStatistics>(kLayout.channels)]() mutable {
        counter.count_channels_nhwc(values, kLayout, s);
      });
  add("channels_blocked8/" + data.name,
      [&, s = std::vector<TensorStatistics>(kLayout.channels)]() mutable {
        counter.count_channels_blocked(values, kLayout, 8, s);
      });
  std::vector<uint16_t> halves(values.size());
  std::ranges::transform(values, halves.begin(), rangefinder::tensor::float_to_float16);
  add("float16/" + data.name,
      [&, halves, s = TensorStatistics()]() mutable { counter.count_float16(halves, s); });
}

/// Whether there is such an instruction set here; if not, says which there are.
bool hold_to(const std::string& instructions) {
  std::string known;
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    if (hwy::TargetName(target) == instructions) {
      hwy::SetSupportedTargetsForTest(target);
      hwy::GetChosenTarget().Update(hwy::SupportedTargets());
      return true;
    }
    known += std::string(" ") + hwy::TargetName(target);
  }
  std::fprintf(stderr, "count_bench: no instruction set %s; this machine has%s\n",
               instructions.c_str(), known.c_str());
  return false;
}

}  // namespace

int main(int argc, char** argv) {
#ifndef NDEBUG
  std::fputs("count_bench: not a release build, its figures would mean nothing\n", stderr);
  return 1;
#endif
  benchmark::Initialize(&argc, argv);
  if (argc > 1 && argv[1][0] != '-') {
    if (!hold_to(argv[1])) return 2;
    argv[1] = argv[0];
    --argc;
    ++argv;
  }
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  const std::vector<Data> data = all_data();
  Counter counter;
  for (const Data& each : data) add_benchmarks(each, counter);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
