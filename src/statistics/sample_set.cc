#include "statistics/sample_set.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "statistics/counts.h"

namespace rangefinder::statistics {
namespace {

bool by_first(const SampleSet::Run& a, const SampleSet::Run& b) { return a.first < b.first; }

/// Joins neighbouring runs. Throws if two share an index. `runs` must be sorted.
std::vector<SampleSet::Run> joined(const std::vector<SampleSet::Run>& runs) {
  std::vector<SampleSet::Run> result;
  for (const SampleSet::Run& run : runs) {
    if (!result.empty() && run.first <= result.back().last) {
      throw std::invalid_argument("a sample is in a set twice");
    }
    if (!result.empty() && run.first == result.back().last + 1) {
      result.back().last = run.last;
    } else {
      result.push_back(run);
    }
  }
  return result;
}

}  // namespace

SampleSet SampleSet::of(std::vector<uint64_t> indices) {
  std::ranges::sort(indices);
  std::vector<Run> runs;
  runs.reserve(indices.size());
  for (const uint64_t index : indices) runs.push_back({index, index});
  SampleSet set;
  set.runs_ = joined(runs);
  return set;
}

SampleSet SampleSet::from_runs(std::vector<Run> runs) {
  for (size_t i = 0; i < runs.size(); ++i) {
    const bool apart =
        i == 0 || (runs[i].first > runs[i - 1].last && runs[i].first - runs[i - 1].last > 1);
    if (runs[i].first > runs[i].last || !apart) {
      throw std::invalid_argument("the runs of a sample set do not ascend");
    }
  }
  SampleSet set;
  set.runs_ = std::move(runs);
  return set;
}

uint64_t SampleSet::count() const {
  uint64_t total = 0;
  for (const Run& run : runs_) total += run.last - run.first + 1;
  return total;
}

bool SampleSet::contains(uint64_t index) const {
  const auto after = std::ranges::upper_bound(runs_, index, {}, &Run::first);
  return after != runs_.begin() && index <= std::prev(after)->last;
}

bool SampleSet::overlaps(const SampleSet& other) const {
  auto mine = runs_.begin();
  auto theirs = other.runs_.begin();
  while (mine != runs_.end() && theirs != other.runs_.end()) {
    if (mine->last < theirs->first) {
      ++mine;
    } else if (theirs->last < mine->first) {
      ++theirs;
    } else {
      return true;
    }
  }
  return false;
}

uint64_t SampleSet::rank(uint64_t index) const {
  uint64_t less = 0;
  for (const auto& [first, last] : runs_) {
    if (first >= index) break;
    less += std::min(last, index - 1) - first + 1;
  }
  return less;
}

void SampleSet::merge(const SampleSet& other) {
  add_counts(count(), other.count());
  std::vector<Run> all;
  all.reserve(runs_.size() + other.runs_.size());
  std::merge(runs_.begin(), runs_.end(), other.runs_.begin(), other.runs_.end(),
             std::back_inserter(all), by_first);
  runs_ = joined(all);
}

void SampleSet::unite(const SampleSet& other) { merge(other.without(*this)); }

SampleSet SampleSet::without(const SampleSet& other) const {
  std::vector<Run> left;
  auto taken = other.runs_.begin();
  for (const Run& run : runs_) {
    while (taken != other.runs_.end() && taken->last < run.first) ++taken;
    uint64_t next = run.first;
    bool is_open = true;
    for (auto cut = taken; is_open && cut != other.runs_.end() && cut->first <= run.last; ++cut) {
      if (cut->first > next) left.push_back({next, cut->first - 1});
      is_open = cut->last < run.last;
      if (is_open) next = cut->last + 1;
    }
    if (is_open) left.push_back({next, run.last});
  }
  return from_runs(std::move(left));
}

SampleSet SampleSet::slice(uint64_t begin, uint64_t end) const {
  std::vector<Run> part;
  uint64_t passed = 0;
  for (const Run& run : runs_) {
    const uint64_t length = run.last - run.first + 1;
    const uint64_t from = std::max(begin, passed);
    const uint64_t to = std::min(end, passed + length);
    if (from < to) part.push_back({run.first + (from - passed), run.first + (to - passed) - 1});
    passed += length;
    if (passed >= end) break;
  }
  return from_runs(std::move(part));
}

}  // namespace rangefinder::statistics
