#include "workflow/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#include "base/cancellation.h"
#include "base/error.h"
#include "base/printable.h"
#include "data/natural_order.h"
#include "workflow/listed.h"
#include "workflow/run_files.h"

// One file is in memory beside the sum, whatever their number. Only the runs of samples of all
// files are kept, each with its file: sorted at the end, they show what is in two files, and what
// is in none. (To add each file's samples to the sum's would take the square of the time, because
// shards interleave: until the last of them the sum has as many runs as samples.)
//
// A shard's file knows the samples of all shards, so it is known what is missing. Which shards
// those are follows from how far apart the samples of a file are: of N shards each takes every
// N-th.

namespace rangefinder::workflow {
namespace {

namespace fs = std::filesystem;
using statistics::SampleSet;
using statistics::StatisticsFile;

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".rfs" && entry.is_regular_file())
      files.push_back(entry.path());
  }
  if (files.empty()) throw Error("no statistics files (.rfs)", {.file = folder.string()});
  std::ranges::sort(files, [](const fs::path& a, const fs::path& b) {
    return data::natural_less(a.filename().string(), b.filename().string());
  });
  return files;
}

std::vector<fs::path> all_files(const std::vector<fs::path>& inputs) {
  std::vector<fs::path> files;
  for (const fs::path& input : inputs) {
    if (!fs::is_directory(input)) {
      files.push_back(input);
      continue;
    }
    const auto inside = files_in(input);
    files.insert(files.end(), inside.begin(), inside.end());
  }
  if (files.empty()) throw std::invalid_argument("no statistics file was given");
  return files;
}

/// The samples of one data set, as the files have them.
class Ledger {
 public:
  void see(size_t file, const SampleSet& samples) {
    for (const auto& [first, last] : samples.runs()) runs_.push_back({first, last, file});
  }
  void see_whole(const SampleSet& whole, const SampleSet& samples) {
    if (whole_ != whole) whole_.unite(whole);
    if (samples.count() < 2) return;
    const SampleSet two = samples.slice(0, 2);
    steps_.insert(whole.rank(two.runs().back().last) - whole.rank(two.runs().front().first));
  }

  /// The samples of all files; adds to `shared` each file that holds some of another, earlier one.
  SampleSet all(std::map<size_t, size_t>& shared) {
    std::ranges::sort(runs_, {}, [](const Run& run) { return std::pair(run.first, run.file); });
    std::vector<SampleSet::Run> joined;
    const Run* furthest = nullptr;
    for (const Run& run : runs_) {
      if (furthest != nullptr && run.first <= furthest->last) {
        const auto [earlier, later] = std::minmax(run.file, furthest->file);
        shared.emplace(later, earlier);
      }
      const bool touches = furthest != nullptr && run.first <= furthest->last + 1;
      if (touches || (furthest != nullptr && furthest->last == UINT64_MAX)) {
        joined.back().last = std::max(joined.back().last, run.last);
      } else {
        joined.push_back({run.first, run.last});
      }
      if (furthest == nullptr || run.last > furthest->last) furthest = &run;
    }
    return SampleSet::from_runs(std::move(joined));
  }

  const SampleSet& whole() const { return whole_; }
  /// Into how many shards the data was cut; nothing if that is not known or not one number.
  std::optional<uint64_t> shard_count() const {
    return steps_.size() == 1 ? std::optional(*steps_.begin()) : std::nullopt;
  }

 private:
  struct Run {
    uint64_t first;
    uint64_t last;
    size_t file;
  };

  std::vector<Run> runs_;
  SampleSet whole_;
  std::set<uint64_t> steps_;
};

using Ledgers = std::map<uint64_t, Ledger>;

/// The numbers of the shards that `missing` consists of; none if it consists of parts of shards.
std::vector<uint64_t> missing_shards(const SampleSet& whole, const SampleSet& missing,
                                     uint64_t shard_count) {
  constexpr uint64_t kMostLookedAt = 10'000'000;
  if (missing.count() > kMostLookedAt) return {};
  std::map<uint64_t, uint64_t> counts;
  for (const auto& [first, last] : missing.runs()) {
    for (uint64_t index = first; index <= last; ++index) ++counts[whole.rank(index) % shard_count];
  }
  std::vector<uint64_t> shards;
  for (const auto& [shard, count] : counts) {
    const uint64_t all = (whole.count() + shard_count - 1 - shard) / shard_count;
    if (count != all) return {};
    shards.push_back(shard);
  }
  return shards;
}

std::vector<std::string> gaps_of(const StatisticsFile& sum, const Ledgers& ledgers) {
  std::vector<std::string> gaps;
  for (const auto& [data, missing] : sum.missing()) {
    const SampleSet& whole = sum.whole.at(data);
    const auto count = ledgers.at(data).shard_count();
    std::vector<uint64_t> shards;
    if (count) shards = missing_shards(whole, missing, *count);
    gaps.push_back(fmt::format("{} of {} samples of the data {:016x} are missing: {}",
                               missing.count(), whole.count(), data,
                               shards.empty()
                                   ? "samples " + listed(missing)
                                   : fmt::format("shards {} of {}", listed(shards), *count)));
  }
  return gaps;
}

/// `shared`: by its number each file that holds samples of an earlier one, and which that is.
[[noreturn]] void refuse_duplicates(const std::map<size_t, size_t>& shared,
                                    const std::vector<fs::path>& files) {
  const auto name = [&](size_t file) { return "'" + printable(files[file].string()) + "'"; };
  const auto [first, earlier] = *shared.begin();
  std::vector<std::string> others;
  for (auto next = std::next(shared.begin()); next != shared.end(); ++next) {
    others.push_back(fmt::format("{} (as in {})", name(next->first), name(next->second)));
  }
  throw Error(fmt::format("holds samples that were already counted, in {}: the same shard twice?{}",
                          name(earlier), others.empty() ? "" : " So do " + listed(others)),
              {.file = files[first].string()});
}

/// The file, without its samples, which go into the ledgers.
StatisticsFile read(const std::vector<fs::path>& files, size_t number, Ledgers& ledgers) {
  StatisticsFile file = statistics::read_statistics(files[number]);
  for (const auto& [data, samples] : file.samples) ledgers[data].see(number, samples);
  for (const auto& [data, whole] : file.whole) {
    const auto seen = file.samples.find(data);
    ledgers[data].see_whole(whole, seen == file.samples.end() ? SampleSet() : seen->second);
  }
  file.samples.clear();
  file.whole.clear();
  return file;
}

/// Gives the sum the samples of all files. Throws Error if two share some.
void settle(Ledgers& ledgers, const std::vector<fs::path>& files, StatisticsFile& sum) {
  std::map<size_t, size_t> shared;
  for (auto& [data, ledger] : ledgers) {
    SampleSet samples = ledger.all(shared);
    SampleSet whole = ledger.whole();
    whole.unite(samples);
    if (whole != samples) sum.whole.emplace(data, std::move(whole));
    if (!samples.empty()) sum.samples.emplace(data, std::move(samples));
  }
  if (!shared.empty()) refuse_duplicates(shared, files);
}

}  // namespace

Merged merge_files(const MergeRequest& request) {
  const Cancellation heeded(request.run.cancelled);
  const std::vector<fs::path> files = all_files(request.inputs);
  if (!request.output.empty()) {
    prepare_outputs({.others = files, .outputs = {request.output}}, request.run);
  }
  Ledgers ledgers;
  Merged merged{.statistics = read(files, 0, ledgers), .file_count = files.size()};
  StatisticsFile& sum = merged.statistics;
  for (size_t i = 1; i < files.size(); ++i) {
    stop_if_cancelled();
    if (request.run.progress) request.run.progress("merge", i, files.size());
    sum.merge(read(files, i, ledgers), files[i].string());
  }
  settle(ledgers, files, sum);
  merged.gaps = gaps_of(sum, ledgers);
  if (request.complete && !merged.gaps.empty()) throw Error(merged.gaps.front());
  if (!request.output.empty()) statistics::write_statistics(request.output, sum);
  return merged;
}

}  // namespace rangefinder::workflow
