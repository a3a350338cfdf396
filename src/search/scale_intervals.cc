#include "search/scale_intervals.h"

#include <algorithm>
#include <cmath>

namespace rangefinder::search {
namespace {

using statistics::RowTop;

constexpr size_t kMostIntervals = size_t{1} << 19;

/// Both values on one side of zero or at it, as magnitudes near < far.
std::vector<ScaleInterval> one_sided(double near, double far, int64_t codes, size_t most) {
  if (codes < 1 || !(near < far)) return {};
  if (near == 0) return {{0, 2 * far}};
  const auto border = [](int64_t k) { return static_cast<double>(k) - 0.5; };
  // From this code on each interval overlaps the one of the next code.
  const double joined = std::floor((far + near) / (2 * (far - near))) + 1;
  const auto first_joined =
      joined >= static_cast<double>(codes) ? codes : static_cast<int64_t>(joined);
  std::vector<ScaleInterval> result{{near / border(codes), far / border(first_joined)}};
  for (int64_t k = first_joined - 1; k >= 1 && result.size() < most; --k) {
    result.push_back({near / border(k), far / border(k)});
  }
  return result;
}

std::vector<ScaleInterval> intersection(const std::vector<ScaleInterval>& a,
                                        const std::vector<ScaleInterval>& b) {
  std::vector<ScaleInterval> result;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const ScaleInterval both{std::max(a[i].low, b[j].low), std::min(a[i].high, b[j].high)};
    if (both.low < both.high) result.push_back(both);
    a[i].high < b[j].high ? ++i : ++j;
  }
  return result;
}

struct Event {
  double scale;
  bool opens;
  uint64_t count;
};

std::vector<Event> events_of(std::span<const RowTop::Row> rows, Split split) {
  const size_t most = std::max<size_t>(1, kMostIntervals / std::max<size_t>(1, rows.size()));
  std::vector<Event> events;
  for (const auto& row : rows) {
    for (const auto& [low, high] : keeping_scales(row, split, most)) {
      events.push_back({low, true, row.count});
      events.push_back({high, false, row.count});
    }
  }
  // Intervals are open: at one scale the ones that end come first.
  std::ranges::sort(events, [](const Event& a, const Event& b) {
    return a.scale != b.scale ? a.scale < b.scale : a.opens < b.opens;
  });
  return events;
}

}  // namespace

std::vector<ScaleInterval> telling_scales(double larger, double smaller, Split split, size_t most) {
  if (!(smaller < larger)) return {};
  if (smaller >= 0) return one_sided(smaller, larger, split.codes_above, most);
  if (larger <= 0) return one_sided(-larger, -smaller, split.codes_below, most);
  const double above = split.codes_above > 0 ? larger : 0;
  const double below = split.codes_below > 0 ? -smaller : 0;
  return {{0, 2 * std::max(above, below)}};
}

std::vector<ScaleInterval> keeping_scales(const RowTop::Row& row, Split split, size_t most) {
  std::vector<ScaleInterval> result;
  for (size_t i = 0; i + 1 < row.values.size(); ++i) {
    auto next = telling_scales(row.values[i].lower, row.values[i + 1].upper, split, most);
    result = i == 0 ? std::move(next) : intersection(result, next);
  }
  return result;
}

Sweep sweep_rows(std::span<const RowTop::Row> rows, Split split) {
  Sweep best;
  uint64_t kept = 0;
  const std::vector<Event> events = events_of(rows, split);
  for (size_t i = 0; i + 1 < events.size(); ++i) {
    kept = events[i].opens ? kept + events[i].count : kept - events[i].count;
    if (kept == 0 || kept < best.kept_count || events[i].scale == events[i + 1].scale) continue;
    if (kept > best.kept_count) best = {kept, {}};
    best.intervals.push_back({events[i].scale, events[i + 1].scale});
  }
  return best;
}

}  // namespace rangefinder::search
