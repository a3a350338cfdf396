// Writes the fuzzer's seeds anew: make_statistics_file_seeds FOLDER. To be run, and its files
// committed, when the format changes.

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "statistics/statistics_file.h"

namespace {

using namespace rangefinder;

statistics::StatisticsFile small_file() {
  statistics::StatisticsFile file{.model_fingerprint = 1, .plan_fingerprint = 2};
  file.samples[3] = statistics::SampleSet::of({0, 2, 3});
  const std::vector<float> values = {1, 1.5f, 0, -2, 1e-40f, 3e38f};
  statistics::TensorStatistics counts;
  counts.add(values);
  statistics::BatchFigures figures;
  figures.add(counts.extrema);
  statistics::RowTop rows(2);
  rows.add(values, 3, 1);
  file.tensors = {{.name = "x", .channels = {counts}, .row_top = rows},
                  {.name = "conv",
                   .type = tensor::ElementType::kFloat16,
                   .channel_axis = 1,
                   .channels = {counts, {}},
                   .batch_figures = {figures, {}}}};
  return file;
}

/// What is between head and checksum.
std::string content(const statistics::StatisticsFile& file) {
  const std::string bytes = statistics::serialize(file);
  return bytes.substr(20, bytes.size() - 28);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: make_statistics_file_seeds FOLDER\n", stderr);
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  write_file(folder / "whole.rfs", statistics::serialize(small_file()));
  write_file(folder / "content", content(small_file()));
  write_file(folder / "content_empty", content({}));
  statistics::StatisticsFile shard = small_file();
  shard.whole[3] = statistics::SampleSet::of({0, 1, 2, 3, 4, 5});
  write_file(folder / "content_shard", content(shard));
  return 0;
}
