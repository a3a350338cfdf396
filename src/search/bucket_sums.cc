#include "search/bucket_sums.h"

#include <cmath>

#include "search/float_key.h"

namespace rangefinder::search {
namespace {

constexpr uint32_t kBucketsPerGroup =
    statistics::ValueHistogram::kBucketsPerOctave / Grouping::kGroupsPerOctave;

/// Neighbouring buckets and the gaps between them, seen as one of even density.
struct Group {
  double lower;
  double upper;
  double count = 0;
  double information = 0;

  double width() const { return upper - lower; }
  double density() const { return count / width(); }
  /// What chance adds to the square of the density, if values fall independently.
  double density_variance() const { return density() / width(); }
};

uint32_t block_of(double lower) { return key_of(lower) / kBucketsPerGroup; }

std::vector<Group> grouped(const std::vector<Segment>& buckets, Grouping grouping) {
  std::vector<Group> groups;
  for (const Segment& b : buckets) {
    const bool opens = groups.empty() || groups.back().count >= grouping.enough ||
                       block_of(groups.back().lower) != block_of(b.lower);
    if (opens) groups.push_back({.lower = b.lower, .upper = b.upper});
    groups.back().upper = b.upper;
    groups.back().count += b.count;
  }
  return groups;
}

/// From the slope between a group's neighbours [kl.md (7)]; 0 at a gap and at the ends.
void add_information(std::vector<Group>& groups) {
  for (size_t i = 1; i + 1 < groups.size(); ++i) {
    const Group& a = groups[i - 1];
    const Group& c = groups[i + 1];
    Group& b = groups[i];
    if (a.upper != b.lower || b.upper != c.lower) continue;
    const double rise = c.density() - a.density();
    const double square = rise * rise - a.density_variance() - c.density_variance();
    const double run = (c.lower + c.upper - a.lower - a.upper) / 2;
    b.information = b.count * square / (run * run * b.density() * b.density());
  }
}

}  // namespace

Sums& Sums::operator+=(const Sums& other) {
  count += other.count;
  entropy += other.entropy;
  width += other.width;
  groups += other.groups;
  information += other.information;
  return *this;
}

BucketSums::BucketSums(const std::vector<Segment>& buckets, double max, Grouping grouping) {
  if (buckets.empty()) return;
  max_ = max;
  first_key_ = key_of(buckets.front().lower);
  entries_.resize(key_of(buckets.back().lower) - first_key_ + 1);
  std::vector<Group> groups = grouped(buckets, grouping);
  add_information(groups);
  for (const Group& group : groups)
    spread(group.lower, group.upper,
           {group.count, group.count * std::log(group.density()), group.width(), 1,
            group.information});
  for (uint32_t i = 0; i < entries_.size(); ++i) {
    Entry& e = entries_[i];
    e.lower = lower_edge(first_key_ + i);
    e.inverse_width = 1 / (lower_edge(first_key_ + i + 1) - e.lower);
    e.below = total_;
    total_ += e.inside;
  }
}

void BucketSums::spread(double lower, double upper, const Sums& sums) {
  const double width = upper - lower;
  for (size_t i = key_of(lower) - first_key_; lower < upper; ++i) {
    const double next = lower_edge(first_key_ + static_cast<uint32_t>(i) + 1);
    entries_[i].inside = sums * ((next - lower) / width);
    lower = next;
  }
}

Sums BucketSums::below(double border) const {
  // An empty side too. A border meant to be the maximum may miss it by a float32 scale's rounding.
  if (border >= max_ * (1 - 0x1p-20)) return total_;
  if (border <= entries_.front().lower) return {};
  const Entry& e = entries_[key_of(border) - first_key_];
  return e.below + e.inside * ((border - e.lower) * e.inverse_width);
}

}  // namespace rangefinder::search
