// How good are our default methods' scales beside PPQ's, on PPQ's own golden streams?
//
// For every golden row of the methods that both have: PPQ's scale (the golden figure), ours, and
// the true mean squared error of quantizing the raw batches with each. Prints a table and, per
// method and grid, the geometric mean of the ratios. Usage: ppq_comparison GOLDENS.csv [--all]

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>

#include "observers/calibrate.h"
#include "observers/run.h"
#include "quantization/error_metrics.h"
#include "quantization/fake_quantize.h"
#include "support/goldens.h"
#include "support/streams.h"

namespace {

using namespace rangefinder;
using Batches = std::vector<tensor::Tensor>;
using quantization::TensorQuantizationConfig;

// The true loss; infinite where the scale cannot be used.
double loss(const Batches& batches, TensorQuantizationConfig config, std::vector<float> scale,
            std::vector<int32_t> offset) {
  for (const float s : scale) {
    if (!(s > 0)) return INFINITY;
  }
  config.activate(std::move(scale), std::move(offset));
  quantization::ErrorMetrics error;
  for (const tensor::Tensor& batch : batches) {
    error.add(batch.floats(), quantization::fake_quantize(batch.view(), config).floats());
  }
  return error.mse();
}

struct Row {
  float ppq_scale;
  float scale;
  double ppq_loss;
  double loss;
};

Row compare(const support::PpqGolden& golden, const Batches& batches) {
  std::vector<float> ppq_scale;
  for (const uint32_t bits : golden.scale_bits) ppq_scale.push_back(std::bit_cast<float>(bits));
  const auto observer = observers::registry().create(golden.method, golden.config);
  const observers::Solution solution = observers::run(*observer, golden.config, batches);
  TensorQuantizationConfig config = golden.config;
  observers::activate(solution, config);
  return {ppq_scale[0], config.scale[0], loss(batches, golden.config, ppq_scale, golden.offset),
          loss(batches, golden.config, config.scale, config.offset)};
}

// Geometric mean of PPQ's loss over ours, per method and grid.
struct Mean {
  double log_sum = 0;
  int count = 0;
  int unusable = 0;

  void add(const Row& row) {
    if (std::isinf(row.ppq_loss)) {
      ++unusable;
    } else if (row.loss > 0 && row.ppq_loss > 0) {
      log_sum += std::log(row.ppq_loss / row.loss);
      ++count;
    }
  }
};

// A loss of 0 has no ratio.
std::string ratio(const Row& row) {
  return row.loss > 0 ? fmt::format("{:.3f}", row.ppq_loss / row.loss) : "-";
}

std::string grid_name(const support::PpqGolden& golden) {
  const std::string text = golden.description();
  return text.substr(golden.stream_key().size() + 1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: ppq_comparison GOLDENS.csv [--all]\n", stderr);
    return 2;
  }
  const bool all = argc > 2 && std::string(argv[2]) == "--all";
  std::map<std::string, Mean> means;
  std::string key;
  Batches batches;
  fmt::print(
      "| stream | method and grid | PPQ scale | our scale | PPQ MSE | our MSE | PPQ / ours |\n"
      "|---|---|---|---|---|---|---|\n");
  for (const support::PpqGolden& golden : support::ppq_goldens(argv[1])) {
    if (!observers::registry().contains(golden.method)) continue;
    if (key != golden.stream_key()) {
      key = golden.stream_key();
      batches =
          support::stream_batches(golden.stream, golden.seed, golden.shape, golden.batch_count);
    }
    const Row row = compare(golden, batches);
    means[grid_name(golden)].add(row);
    const bool is_shown =
        all || (golden.shape.size() == 4 && golden.config.level_count() == 256 &&
                !golden.config.is_power_of_2() && !golden.config.is_per_channel());
    if (!is_shown) continue;
    fmt::print("| {} | {} | {:.6g} | {:.6g} | {:.4g} | {:.4g} | {} |\n", golden.stream,
               grid_name(golden), row.ppq_scale, row.scale, row.ppq_loss, row.loss, ratio(row));
  }
  fmt::print(
      "\n| method and grid | PPQ MSE / our MSE, geometric mean | rows | PPQ unusable |\n"
      "|---|---|---|---|\n");
  for (const auto& [name, mean] : means) {
    fmt::print("| {} | {:.3f} | {} | {} |\n", name,
               std::exp(mean.log_sum / std::max(mean.count, 1)), mean.count, mean.unusable);
  }
  return 0;
}
