#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rangefinder::exporters {

/// A release of TensorRT as its caches write it: 8510 is 8.5.10, 100300 is 10.3.0.
struct TensorRtVersion {
  int number = 0;

  int major() const { return number >= 100000 ? number / 10000 : number / 1000; }
  /// "8.5.10".
  std::string text() const;
};

/// "8.6.1", "8601" or "10.3.0". Throws std::invalid_argument: no version, or one whose TensorRT has
/// no such caches: before 5 they had another form, 11 dropped calibration.
TensorRtVersion parse_tensorrt_version(std::string_view text);

/// The calibrators whose names caches bear, the usual one first.
std::span<const std::string_view> calibration_algorithms();

/// A tensor's line.
struct CacheEntry {
  std::string tensor = {};
  /// Real step of one int8 code; 0 for a tensor in which TensorRT saw nothing but zeros.
  float scale = 0;
  size_t line = 0;
};

/// A calibration cache of TensorRT 5 to 10.
struct CalibrationCache {
  TensorRtVersion version = {};
  std::string algorithm = {};
  /// In the order of the file, each tensor once.
  std::vector<CacheEntry> entries = {};
};

/// A cache larger than this is none.
inline constexpr size_t kLargestCache = size_t{64} << 20;

/// Reads "TRT-<version>-<algorithm>" and then lines of "<tensor>: <float32 in hexadecimal>". Names
/// may hold ": ", the last one counts. Line ends of both kinds, empty lines are passed over.
///
/// The algorithm does not matter for what a scale means: all that are known are taken. Throws Error
/// with the line's number: not such a file, a version or algorithm that is not known, a line
/// without a value, a value that is no hexadecimal number, negative, infinite or NaN, a last line
/// that is cut off, a tensor that comes twice, no tensors.
CalibrationCache parse_calibration_cache(std::string_view text);

/// The text of a cache. Throws Error naming a tensor whose name a line cannot hold.
std::string calibration_cache_text(const CalibrationCache& cache);

}  // namespace rangefinder::exporters
