// The text was never published as a format; this is what caches look like. TensorRT writes values
// by std::hex, without leading zeros: "0" is a scale of zero, and a last line of fewer than 8
// digits is known to be cut off only because its line end is missing, too.

#include "exporters/tables/calibration_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <unordered_map>

#include "base/error.h"
#include "exporters/tables/tensor_table.h"

namespace rangefinder::exporters {
namespace {

constexpr std::string_view kMagic = "TRT-";
constexpr std::array<std::string_view, 4> kAlgorithms = {
    "EntropyCalibration2", "EntropyCalibration", "MinMaxCalibration", "LegacyCalibration"};
constexpr int kFirstMajor = 5;
constexpr int kLastMajor = 10;

[[noreturn]] void fail(size_t line, const std::string& message) {
  throw Error(fmt::format("line {}: {}", line, message));
}

std::string known_algorithms() { return fmt::format("{}", fmt::join(kAlgorithms, ", ")); }

/// What a message shows of a line that may be anything.
std::string excerpt(std::string_view text) {
  constexpr size_t kMost = 60;
  return std::string(text.substr(0, kMost)) + (text.size() > kMost ? "..." : "");
}

std::optional<int> number_of(std::string_view digits) {
  int number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool is_whole = error == std::errc() && end == digits.data() + digits.size();
  if (!is_whole || digits.empty() || number < 0) return std::nullopt;
  return number;
}

/// "8.6.1" as 8601; three numbers, or two.
std::optional<int> number_of_parts(std::string_view text) {
  std::array<int, 3> parts = {};
  size_t count = 0;
  while (true) {
    const size_t dot = text.find('.');
    const auto part = number_of(text.substr(0, dot));
    if (!part || *part > 99 || count == parts.size()) return std::nullopt;
    parts[count++] = *part;
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  const auto [major, minor, patch] = parts;
  if (count < 2 || (major < 10 && minor > 9)) return std::nullopt;
  return major * (major < 10 ? 1000 : 10000) + minor * 100 + patch;
}

std::string why_not(TensorRtVersion version) {
  if (version.major() < kFirstMajor) return "caches before TensorRT 5 had another form";
  if (version.major() > kLastMajor) return "TensorRT 11 and later have no calibration caches";
  return {};
}

/// Lines without their ends, counted from 1.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}

  std::optional<std::string_view> next() {
    if (text_.empty()) return std::nullopt;
    const size_t end = text_.find('\n');
    has_end_ = end != std::string_view::npos;
    std::string_view line = text_.substr(0, end);
    text_.remove_prefix(has_end_ ? end + 1 : text_.size());
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    ++number_;
    return line;
  }

  size_t number() const { return number_; }
  /// Whether the last line that was handed out ended as lines do.
  bool has_end() const { return has_end_; }

 private:
  std::string_view text_;
  size_t number_ = 0;
  bool has_end_ = false;
};

void read_header(std::string_view line, CalibrationCache& cache) {
  const bool is_cache = line.starts_with(kMagic);
  const size_t dash = is_cache ? line.find('-', kMagic.size()) : std::string_view::npos;
  if (dash == std::string_view::npos) {
    fail(1, fmt::format("is '{}'; a calibration cache of TensorRT begins with "
                        "'TRT-<version>-<algorithm>'",
                        excerpt(line)));
  }
  const std::string_view digits = line.substr(kMagic.size(), dash - kMagic.size());
  const auto number = number_of(digits);
  if (!number) fail(1, fmt::format("the version is '{}', a number is needed", excerpt(digits)));
  cache.version = {*number};
  const std::string reason = why_not(cache.version);
  if (!reason.empty()) {
    fail(1, fmt::format("is of TensorRT {}; allowed are {} to {}: {}", cache.version.text(),
                        kFirstMajor, kLastMajor, reason));
  }
  cache.algorithm = line.substr(dash + 1);
  if (std::find(kAlgorithms.begin(), kAlgorithms.end(), cache.algorithm) == kAlgorithms.end()) {
    fail(1, fmt::format("the algorithm is '{}', which is not known to write scales of int8; known "
                        "are {}",
                        excerpt(cache.algorithm), known_algorithms()));
  }
}

float scale_of(std::string_view digits, size_t line) {
  constexpr size_t kMostDigits = 8;
  uint32_t bits = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, bits, 16);
  if (digits.empty() || digits.size() > kMostDigits || error != std::errc() || stop != end) {
    fail(line, fmt::format("the value is '{}'; up to {} hexadecimal digits are needed",
                           excerpt(digits), kMostDigits));
  }
  const auto scale = std::bit_cast<float>(bits);
  if (!std::isfinite(scale) || std::signbit(scale)) {
    fail(line, fmt::format("the scale is {} ({}); a scale is a finite number that is not negative",
                           scale, digits));
  }
  return scale;
}

CacheEntry read_entry(std::string_view line, const Lines& lines) {
  constexpr std::string_view kBetween = ": ";
  const size_t place = line.rfind(kBetween);
  if (place == std::string_view::npos || place == 0) {
    fail(lines.number(), fmt::format("is '{}', '<tensor>: <value>' is needed{}", excerpt(line),
                                     lines.has_end() ? "" : "; the file seems to be cut off"));
  }
  std::string_view value = line.substr(place + kBetween.size());
  while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
  if (!lines.has_end() && value.size() < 8) {
    fail(lines.number(),
         fmt::format("ends after '{}' without a line end: the file is cut off", excerpt(line)));
  }
  return {.tensor = std::string(line.substr(0, place)),
          .scale = scale_of(value, lines.number()),
          .line = lines.number()};
}

}  // namespace

std::string TensorRtVersion::text() const {
  const int minor = number >= 100000 ? number / 100 % 100 : number / 100 % 10;
  return fmt::format("{}.{}.{}", major(), minor, number % 100);
}

TensorRtVersion parse_tensorrt_version(std::string_view text) {
  const auto number =
      text.find('.') == std::string_view::npos ? number_of(text) : number_of_parts(text);
  if (!number || *number < 1000 || *number >= 1000000) {
    throw std::invalid_argument(fmt::format(
        "the version of TensorRT is '{}'; needed is one as 8.6.1, 10.3.0 or 8601", text));
  }
  const TensorRtVersion version = {*number};
  const std::string reason = why_not(version);
  if (!reason.empty()) {
    throw std::invalid_argument(
        fmt::format("the version of TensorRT is {}: {}", version.text(), reason));
  }
  return version;
}

std::span<const std::string_view> calibration_algorithms() { return kAlgorithms; }

CalibrationCache parse_calibration_cache(std::string_view text) {
  if (text.size() > kLargestCache) {
    throw Error(fmt::format("has {} bytes; a calibration cache has at most {}", text.size(),
                            kLargestCache));
  }
  Lines lines(text);
  const auto header = lines.next();
  if (!header) throw Error("is empty; a calibration cache of TensorRT is needed");
  CalibrationCache cache;
  read_header(*header, cache);
  std::unordered_map<std::string, size_t> seen;
  while (const auto line = lines.next()) {
    if (line->empty()) continue;
    CacheEntry entry = read_entry(*line, lines);
    const auto [other, is_new] = seen.emplace(entry.tensor, entry.line);
    if (!is_new) {
      fail(entry.line,
           fmt::format("'{}' stands in line {}, too", excerpt(entry.tensor), other->second));
    }
    cache.entries.push_back(std::move(entry));
  }
  if (cache.entries.empty()) throw Error("holds a header and no tensors: the file is cut off");
  return cache;
}

std::string calibration_cache_text(const CalibrationCache& cache) {
  std::string text = fmt::format("{}{}-{}\n", kMagic, cache.version.number, cache.algorithm);
  for (const CacheEntry& entry : cache.entries) {
    require_without(entry.tensor, "\n\r", "a line end", "tensorrt-cache");
    text += fmt::format("{}: {:08x}\n", entry.tensor, std::bit_cast<uint32_t>(entry.scale));
  }
  return text;
}

}  // namespace rangefinder::exporters
