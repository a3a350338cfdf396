#include "refine/weight_site.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "refine/gram_matrix.h"

// A weight that several nodes read makes errors at the outputs of all of them: e^T H e with the sum
// of their gram matrices, each in real units. One that is read once needs no units.

namespace rangefinder::refine {
namespace {

double squared(double value) { return value * value; }

}  // namespace

CodeRows RowSource::group_rows(size_t group, bool judging) const {
  CodeRows found{rows.column_count(), {}, input.zero()};
  for (size_t i = 0; i < samples.size(); ++i) {
    if (judges(i) != judging) continue;
    const size_t size = samples[i].row_count * found.columns;
    const uint8_t* begin = samples[i].codes.data() + group * size;
    found.codes.insert(found.codes.end(), begin, begin + size);
  }
  return found;
}

size_t RowSource::count(size_t SampledRows::*which) const {
  size_t sum = 0;
  for (const SampledRows& sample : samples) sum += sample.*which;
  return sum;
}

WeightSite::WeightSite(std::vector<RowSource> rows) : sources(std::move(rows)) {
  if (sources.empty()) throw std::invalid_argument("no rows");
  for (const RowSource& source : sources) {
    if (source.rows.group_count() != group_count() ||
        source.rows.column_count() != column_count()) {
      throw std::invalid_argument("several nodes read its weight, and in different ways");
    }
  }
}

std::string WeightSite::key() const {
  std::string key;
  for (const RowSource& source : sources) {
    key += fmt::format("{} of {}\n", source.rows.key(), source.tensor);
  }
  return key;
}

size_t WeightSite::rows_of_sample(const RowCounts& counts, uint64_t sample) const {
  const size_t rows = (counts.rows + sources.size() - 1) / sources.size();
  return judges(sample) ? (rows + 3) / 4 : rows;
}

uint64_t WeightSite::bytes(const RowCounts& counts) const {
  const uint64_t judging = counts.samples / 4;
  const uint64_t rows =
      (counts.samples - judging) * rows_of_sample(counts, 0) + judging * rows_of_sample(counts, 3);
  return rows * sources.size() * group_count() * column_count();
}

uint64_t WeightSite::work_bytes(const RowCounts& counts) const {
  const uint64_t columns = column_count();
  const uint64_t matrices = sources.size() == 1 ? 1 : 2;
  const uint64_t rows = (counts.samples - counts.samples / 4) * rows_of_sample(counts, 0);
  return matrices * 4 * columns * columns + 3 * rows * columns;
}

double WeightSite::products() const {
  double rows = 0;
  for (const RowSource& source : sources) {
    rows += static_cast<double>(source.count(&SampledRows::total_count));
  }
  return rows * static_cast<double>(column_count()) * static_cast<double>(channels);
}

double WeightSite::work() const {
  const auto columns = static_cast<double>(column_count());
  double rows = 0;
  for (const RowSource& source : sources) {
    rows += static_cast<double>(source.count(&SampledRows::row_count));
  }
  const double of_group = squared(columns) * (rows / 4 + columns / 6);
  return of_group * static_cast<double>(group_count()) +
         squared(columns) * static_cast<double>(channels);
}

bool WeightSite::has_rows() const {
  return std::ranges::any_of(
      sources, [](const RowSource& source) { return source.count(&SampledRows::row_count) > 0; });
}

double WeightSite::share(size_t source) const {
  if (source == 0) return 1;
  const auto weight = [](const RowSource& rows) {
    const auto kept = static_cast<double>(rows.count(&SampledRows::row_count));
    const auto all = static_cast<double>(rows.count(&SampledRows::total_count));
    return squared(static_cast<double>(rows.input.scale())) * (kept > 0 ? all / kept : 1);
  };
  return weight(sources[source]) / weight(sources.front());
}

SquareMatrix WeightSite::gram(size_t group) const {
  SquareMatrix sum = gram_matrix(sources.front().group_rows(group, false));
  for (size_t i = 1; i < sources.size(); ++i) {
    const SquareMatrix other = gram_matrix(sources[i].group_rows(group, false));
    const auto factor = static_cast<float>(share(i));
    for (size_t row = 0; row < sum.size; ++row) {
      for (size_t k = 0; k <= row; ++k) sum.row(row)[k] += factor * other.row(row)[k];
    }
  }
  return sum;
}

}  // namespace rangefinder::refine
