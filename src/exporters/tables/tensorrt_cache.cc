#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/near_names.h"
#include "exporters/tables/calibration_cache.h"
#include "exporters/tables/writers.h"

namespace rangefinder::exporters {
namespace {

std::string algorithm_of(const std::string& wanted) {
  const auto all = calibration_algorithms();
  const std::vector<std::string> known(all.begin(), all.end());
  if (wanted.empty()) return known.front();
  if (std::find(known.begin(), known.end(), wanted) != known.end()) return wanted;
  throw std::invalid_argument(fmt::format("the calibration algorithm is '{}'; known are {}{}",
                                          wanted, fmt::join(known, ", "),
                                          did_you_mean(wanted, known)));
}

}  // namespace

/// TensorRT takes a cache of its own version and of its calibrator's algorithm only, so neither can
/// be guessed; the algorithm has a usual one.
std::string write_tensorrt_cache(const TensorTable& table, const TableOptions& options) {
  if (options.trt_version.empty()) {
    throw std::invalid_argument(
        "tensorrt-cache needs the version of the TensorRT that is to read it (--trt-version), "
        "which refuses a cache of another one");
  }
  CalibrationCache cache{.version = parse_tensorrt_version(options.trt_version),
                         .algorithm = algorithm_of(options.trt_algorithm)};
  for (const TableTensor& tensor : table.activations) {
    cache.entries.push_back(
        {.tensor = tensor.name, .scale = symmetric_int8_scale(tensor, "tensorrt-cache")});
  }
  return calibration_cache_text(cache);
}

}  // namespace rangefinder::exporters
