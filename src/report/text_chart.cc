#include "report/text_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "base/printable.h"
#include "report/json_text.h"

namespace rangefinder::report {
namespace {

/// Octaves of magnitude that get a line of their own; those below share one.
constexpr int kOctaveLines = 24;
constexpr size_t kLeastBar = 8;

struct Line {
  std::string label = {};
  uint64_t count = 0;
};

/// Counts of one side by octave.
using Octaves = std::map<int, uint64_t>;

void add(const HistogramBucket& bucket, Octaves& negative, Octaves& positive, uint64_t& zeros) {
  if (bucket.lower == bucket.upper) {
    zeros += bucket.count;
    return;
  }
  const double middle = bucket.lower + (bucket.upper - bucket.lower) / 2;
  (middle < 0 ? negative : positive)[std::ilogb(middle)] += bucket.count;
}

std::string label_of(int octave, bool is_negative) {
  const double low = std::ldexp(1.0, octave);
  return is_negative ? fmt::format("{:.3g} .. {:.3g}", -2 * low, -low)
                     : fmt::format("{:.3g} .. {:.3g}", low, 2 * low);
}

/// The lines of one side, by ascending magnitude: gaps too, what is below `lowest` as one.
std::vector<Line> lines_of(const Octaves& octaves, int lowest, bool is_negative) {
  std::vector<Line> lines;
  if (octaves.empty()) return lines;
  uint64_t below = 0;
  for (const auto& [octave, count] : octaves) below += octave < lowest ? count : 0;
  if (below > 0) {
    const double border = std::ldexp(is_negative ? -1.0 : 1.0, lowest);
    lines.push_back({fmt::format("nearer to 0 than {:.3g}", border), below});
  }
  const int first = std::max(lowest, octaves.begin()->first);
  for (int octave = first; octave <= octaves.rbegin()->first; ++octave) {
    const auto found = octaves.find(octave);
    lines.push_back({label_of(octave, is_negative), found == octaves.end() ? 0 : found->second});
  }
  return lines;
}

std::vector<Line> all_lines(const TensorHistogram& histogram) {
  Octaves negative;
  Octaves positive;
  uint64_t zeros = 0;
  for (const auto& bucket : histogram.buckets) add(bucket, negative, positive, zeros);
  int highest = -1000;
  if (!negative.empty()) highest = std::max(highest, negative.rbegin()->first);
  if (!positive.empty()) highest = std::max(highest, positive.rbegin()->first);
  const int lowest = highest - kOctaveLines + 1;
  std::vector<Line> lines = lines_of(negative, lowest, true);
  std::ranges::reverse(lines);
  if (zeros > 0) lines.push_back({"0", zeros});
  const auto above = lines_of(positive, lowest, false);
  lines.insert(lines.end(), above.begin(), above.end());
  return lines;
}

/// In eighths of a character; a count that is not 0 shows.
std::string bar_of(uint64_t count, uint64_t most, size_t width) {
  if (count == 0) return {};
  const double share =
      std::log1p(static_cast<double>(count)) / std::log1p(static_cast<double>(most));
  const auto eighths =
      std::max<size_t>(1, static_cast<size_t>(std::lround(share * static_cast<double>(width) * 8)));
  constexpr std::string_view kParts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  std::string text;
  for (size_t i = 0; i < eighths / 8; ++i) text += "█";
  return text.append(kParts[eighths % 8]);
}

std::string csv_text(std::string_view foreign) {
  std::string name = printable(foreign);
  if (name.find_first_of(",\"\n\r") == std::string::npos) return name;
  std::string text = "\"";
  for (const char c : name) {
    if (c == '"') text += '"';
    text += c;
  }
  text += '"';
  return text;
}

nlohmann::ordered_json to_json(const TensorHistogram& tensor) {
  nlohmann::ordered_json buckets = nlohmann::ordered_json::array();
  for (const auto& bucket : tensor.buckets) {
    buckets.push_back({{"lower", bucket.lower}, {"upper", bucket.upper}, {"count", bucket.count}});
  }
  return {{"name", tensor.name}, {"buckets", buckets}};
}

}  // namespace

std::string text_chart(const TensorHistogram& histogram, size_t columns) {
  const std::vector<Line> lines = all_lines(histogram);
  uint64_t total = 0;
  uint64_t most = 1;
  size_t labels = 0;
  for (const Line& line : lines) {
    total += line.count;
    most = std::max(most, line.count);
    labels = std::max(labels, line.label.size());
  }
  std::string text = fmt::format("{}: {} values\n", printable(histogram.name), total);
  // Around the bar stand the label, a count of 11 characters and a share of 7.
  const size_t width = std::max(columns, labels + 21 + kLeastBar) - labels - 21;
  for (const Line& line : lines) {
    const double share = static_cast<double>(line.count) / static_cast<double>(total);
    const std::string bar = bar_of(line.count, most, width);
    // fmt counts the blocks as one column each.
    fmt::format_to(std::back_inserter(text), "{:>{}} {:<{}} {:>11} {:>6.2f}%\n", line.label, labels,
                   bar, width, line.count, share * 100);
  }
  return text;
}

std::string to_csv(const HistogramInspection& inspection) {
  std::string text = "tensor,lower,upper,count\n";
  for (const auto& tensor : inspection.tensors) {
    const std::string name = csv_text(tensor.name);
    for (const auto& bucket : tensor.buckets) {
      fmt::format_to(std::back_inserter(text), "{},{},{},{}\n", name, bucket.lower, bucket.upper,
                     bucket.count);
    }
  }
  return text;
}

std::string to_csv(const StatisticsInspection& inspection) {
  std::string text = "tensor,channels,count,min,max,zero_share,nan_count,inf_count\n";
  for (const auto& row : inspection.tensors) {
    fmt::format_to(std::back_inserter(text), "{},{},{},{},{},{},{},{}\n", csv_text(row.name),
                   row.channel_count, row.count, row.min, row.max, row.zero_share, row.nan_count,
                   row.inf_count);
  }
  return text;
}

}  // namespace rangefinder::report

namespace rangefinder {

std::string HistogramInspection::chart(size_t columns) const {
  std::string text;
  for (const auto& tensor : tensors) {
    if (!text.empty()) text += '\n';
    text += report::text_chart(tensor, columns);
  }
  return text;
}

std::string HistogramInspection::csv() const { return report::to_csv(*this); }

std::string HistogramInspection::json() const {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const auto& tensor : tensors) rows.push_back(report::to_json(tensor));
  return report::json_text({{"file", file}, {"tensors", rows}});
}

std::string StatisticsInspection::csv() const { return report::to_csv(*this); }

}  // namespace rangefinder
