#include "workflow/shared_pass.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/file_identity.h"
#include "base/replace.h"
#include "statistics/codec.h"
#include "statistics/wire.h"
#include "workflow/collective.h"
#include "workflow/listed.h"

// A checkpoint is a set of samples with what was gathered of them. Such pairs add up, so a run that
// is killed leaves one file for each rank, and however many ranks the next one has, each file is
// taken over by exactly one of them, the samples in no file are shared, and every rank goes on in
// the file of its own number.
//
//   before   FILE {0-9}   FILE.1 {50-59}   FILE.2 {100-104}        3 ranks, killed
//   now      rank 0: FILE, FILE.2          rank 1: FILE.1          2 ranks; 125 samples are left
//
// A rank first saves the sum, then removes what it took over from other ranks. If it is killed
// between the two, a file is left whose samples are all in another one: it is passed over.

namespace rangefinder::workflow {
namespace {

namespace fs = std::filesystem;
using statistics::SampleSet;

using Seconds = std::chrono::duration<double>;

/// Saving may take one part in so many of the time.
constexpr double kShare = 200;
/// Never more often than this, so that a run that takes less does not save at all.
constexpr double kLeastSeconds = 10;

SampleSet first_samples(uint64_t count) {
  return count == 0 ? SampleSet() : SampleSet::from_runs({{0, count - 1}});
}

/// The rank whose file this is; nothing if it is not one of `file`'s.
std::optional<size_t> rank_of(const std::string& name, const fs::path& file) {
  const std::string stem = file.filename().string();
  if (name == stem) return 0;
  if (!name.starts_with(stem + ".")) return std::nullopt;
  const std::string_view digits = std::string_view(name).substr(stem.size() + 1);
  size_t rank = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), rank);
  const bool is_number = error == std::errc() && end == digits.data() + digits.size();
  if (!is_number || rank == 0 || digits.front() == '0') return std::nullopt;
  return rank;
}

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

/// The files that are there, by rank.
std::map<size_t, fs::path> saved_files(const fs::path& file) {
  std::map<size_t, fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_of(file), error)) {
    const auto rank = rank_of(entry.path().filename().string(), file);
    if (rank) found.emplace(*rank, entry.path());
  }
  return found;
}

/// Ranks that were killed while they saved, perhaps for the first time: what they left is hidden,
/// named after their file.
std::set<size_t> unfinished(const fs::path& file) {
  std::set<size_t> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_of(file), error)) {
    const std::string name = entry.path().filename().string();
    const size_t end = name.rfind(".rangefinder-");
    if (!name.starts_with(".") || end == std::string::npos) continue;
    if (const auto rank = rank_of(name.substr(1, end - 1), file)) found.insert(*rank);
  }
  return found;
}

/// Numbers of the files whose samples are all in others. Throws Error where only some are.
std::vector<size_t> superseded(const fs::path& file, const std::map<size_t, SampleSet>& done) {
  std::vector<std::pair<size_t, const SampleSet*>> by_size;
  for (const auto& [rank, set] : done) by_size.emplace_back(rank, &set);
  std::ranges::stable_sort(by_size, std::greater(),
                           [](const auto& of) { return of.second->count(); });
  std::vector<size_t> passed_over;
  SampleSet all;
  for (const auto& [rank, set] : by_size) {
    const SampleSet more = set->without(all);
    if (more.empty() && !set->empty()) {
      passed_over.push_back(rank);
    } else if (more.count() < set->count()) {
      throw Error("holds samples that the checkpoint of another rank holds, too",
                  {.file = checkpoint_of(file, rank).string()});
    }
    all.merge(more);
  }
  return passed_over;
}

std::string packed(const std::map<size_t, SampleSet>& done) {
  statistics::WireWriter to;
  to.varint(done.size());
  for (const auto& [rank, set] : done) {
    to.varint(rank);
    statistics::encode(set, to);
  }
  return to.bytes();
}

void unpack(std::string_view bytes, std::map<size_t, SampleSet>& done) {
  statistics::WireReader from(bytes, "a message of another rank");
  for (size_t left = from.count(2); left > 0; --left) {
    const size_t rank = from.varint();
    done[rank] = statistics::decode_sample_set(from);
  }
}

std::string packed(const RunIdentity& run) { return serialize(SavedRun{.run = run}); }

}  // namespace

SharedPass::SharedPass(const PassOptions& options, RunIdentity run, PassSamples samples,
                       Gathering& gathering, const RunControl& control)
    : options_(options),
      run_(std::move(run)),
      samples_(std::move(samples)),
      gathering_(gathering),
      control_(control),
      told_(control) {
  if (options_.ranks != nullptr) {
    if (options_.is_shared() && !samples_.is_list) {
      throw std::invalid_argument("a stream cannot be shared by ranks: its samples pass by once");
    }
    require_same_ranks();
  }
  if (!options_.checkpoint.file.empty()) load();
  share();
  tell_progress();
  if (options_.is_shared() && !options_.checkpoint.file.empty()) options_.ranks->part();
}

void SharedPass::require_same_ranks() const {
  const auto all = gather_all(*options_.ranks, packed(run_));
  const RunIdentity expected = parse_saved_run(all.front(), "rank 0").run;
  for (size_t rank = 1; rank < all.size(); ++rank) {
    const std::string place = fmt::format("rank {}", rank);
    require_same_run(parse_saved_run(all[rank], place).run, expected, place);
  }
}

void SharedPass::load() {
  const fs::path& file = options_.checkpoint.file;
  const size_t rank = options_.rank();
  recover(follow_links(checkpoint_of(file, rank)));
  for (const size_t number : unfinished(file)) {
    if (number % options_.size() == rank) recover(follow_links(checkpoint_of(file, number)));
  }
  std::map<size_t, SavedRun> saved;
  std::map<size_t, SampleSet> done;
  for (const auto& [number, path] : saved_files(file)) {
    if (number % options_.size() != rank) continue;
    SavedRun found = parse_saved_run(read_file(path), path.string());
    require_same_run(found.run, run_, path.string());
    done[number] = found.done;
    saved.emplace(number, std::move(found));
  }
  if (options_.ranks != nullptr) {
    for (const auto& text : gather_all(*options_.ranks, packed(done))) unpack(text, done);
  }
  for (const size_t number : superseded(file, done)) {
    if (saved.erase(number) != 0 && number != rank)
      absorbed_.push_back(checkpoint_of(file, number));
    done.erase(number);
  }
  for (const auto& [number, set] : done) done_before_.merge(set);
  take_over(saved);
}

void SharedPass::take_over(const std::map<size_t, SavedRun>& saved) {
  for (const auto& [number, run] : saved) {
    const fs::path path = checkpoint_of(options_.checkpoint.file, number);
    gathering_.add(run.gathered, path.string());
    taken_over_.merge(run.done);
    passed_before_ = run.passed;
    if (number != options_.rank()) absorbed_.push_back(path);
  }
  if (done_before_.empty() || !options_.is_first() || !control_.notice) return;
  const std::string all = samples_.count == 0 ? "" : fmt::format(" of {}", samples_.count);
  control_.notice(fmt::format("{}: {}{} samples are done, going on",
                              options_.checkpoint.file.string(), done_before_.count(), all));
}

void SharedPass::share() {
  if (!samples_.is_list) {
    skip_passed();
    const uint64_t done = done_before_.count();
    left_ = samples_.count > done ? samples_.count - done : 0;
    return;
  }
  const SampleSet all = first_samples(samples_.count);
  if (!done_before_.without(all).empty()) {
    throw Error("holds samples that the data has not", {.file = options_.checkpoint.file.string()});
  }
  const SampleSet open = all.without(done_before_);
  const uint64_t rank = options_.rank();
  const uint64_t size = options_.size();
  const auto begin_of = [&](uint64_t number) {
    return open.count() / size * number + std::min(number, open.count() % size);
  };
  mine_ = open.slice(begin_of(rank), begin_of(rank + 1));
  left_ = mine_.count();
}

/// A stream begins again with the samples that are done: they must be the same.
void SharedPass::skip_passed() {
  const uint64_t done = done_before_.count();
  if (done == 0) return;
  const Error::Place place{.file = options_.checkpoint.file.string()};
  if (done_before_ != first_samples(done)) throw Error("was made from a list of samples", place);
  for (uint64_t i = 0; i < done; ++i) {
    if (samples_.feed()) continue;
    throw Error(fmt::format("belongs to other data: {} samples are done, the data has {}", done, i),
                place);
  }
  if (samples_.passed && samples_.passed() != passed_before_) {
    throw Error(fmt::format("belongs to other data: the first {} samples differ", done), place);
  }
}

void SharedPass::tell_progress() {
  if (!control_.progress || done_before_.empty() || options_.is_shared()) return;
  told_.progress = [progress = control_.progress, before = done_before_.count()](
                       const std::string& stage, size_t done, size_t total) {
    progress(stage, done + before, total == 0 ? 0 : total + before);
  };
}

engine::SampleFeed SharedPass::feed() {
  if (!samples_.is_list) {
    return [this, place = done_before_.count()]() mutable -> std::optional<engine::PendingSample> {
      auto sample = samples_.feed();
      if (sample) sample->place = place++;
      return sample;
    };
  }
  return
      [this, next = uint64_t{0}, left = left_]() mutable -> std::optional<engine::PendingSample> {
        while (left > 0) {
          auto sample = samples_.feed();
          if (!sample) return std::nullopt;
          const uint64_t place = next++;
          if (!mine_.contains(place)) continue;
          --left;
          sample->place = place;
          return sample;
        }
        return std::nullopt;
      };
}

engine::Rests SharedPass::rests() {
  if (options_.checkpoint.file.empty()) return {};
  resumed_ = std::chrono::steady_clock::now();
  const uint64_t every = options_.checkpoint.every;
  return {.first = every != 0 ? every : 2 * engine::worker_limit(control_.jobs),
          .at = [this](const engine::Rest& rest) { return this->rest(rest); }};
}

uint64_t SharedPass::rest(const engine::Rest& rest) {
  const uint64_t every = options_.checkpoint.every;
  if (every != 0) {
    save(rest.done);
    return every;
  }
  const auto now = std::chrono::steady_clock::now();
  const double elapsed = Seconds(now - resumed_).count();
  const double rate = static_cast<double>(rest.done - saved_count_) / std::max(elapsed, 1e-6);
  const auto samples_in = [&](double seconds) {
    return static_cast<uint64_t>(std::clamp(rate * seconds, 1.0, 1e15));
  };
  if (elapsed < 0.9 * interval_) return samples_in(interval_ - elapsed);
  save(rest.done);
  const double cost = Seconds(std::chrono::steady_clock::now() - now).count() + rest.waited_seconds;
  interval_ = std::max(kLeastSeconds, kShare * cost);
  resumed_ = std::chrono::steady_clock::now();
  return samples_in(interval_);
}

void SharedPass::save(uint64_t done_count) {
  SavedRun saved{.run = run_, .done = taken_over_, .gathered = gathering_.bytes()};
  if (samples_.is_list) {
    saved.done.merge(mine_.slice(0, done_count));
  } else {
    saved.done = first_samples(done_before_.count() + done_count);
    if (samples_.passed) saved.passed = samples_.passed();
  }
  write_file(checkpoint_of(options_.checkpoint.file, options_.rank()), serialize(saved));
  saved_count_ = done_count;
  std::error_code ignored;  // What stays is passed over by the next run.
  for (const fs::path& file : absorbed_) fs::remove(file, ignored);
  absorbed_.clear();
}

void SharedPass::finish(uint64_t done_count) {
  const bool is_saved = !options_.checkpoint.file.empty();
  if (is_saved && done_count > saved_count_) save(done_count);
  if (!options_.is_shared()) return;
  if (!is_saved) return add_up();
  meet();
  try {
    add_up();
  } catch (const Error& error) {
    throw Error(fmt::format("{}; all samples are done and saved: the same command adds them up",
                            error.what()),
                {.file = options_.checkpoint.file.string()});
  }
}

void SharedPass::meet() const {
  const auto gone = options_.ranks->meet();
  if (gone.empty()) return;
  std::vector<std::string> names;
  for (const auto& [rank, how] : gone) names.push_back(fmt::format("rank {} {}", rank, how));
  const std::string who = fmt::format("{}", fmt::join(names, "; "));
  size_t teller = 0;
  while (gone.contains(teller)) ++teller;
  if (options_.rank() != teller) {
    throw Error(fmt::format("{}; rank {} tells what is missing", who, teller));
  }
  throw Error(fmt::format("{}; {}", who, left_over()));
}

/// What a run that ends without some ranks has, and has not.
std::string SharedPass::left_over() const {
  const fs::path& file = options_.checkpoint.file;
  SampleSet done;
  for (const auto& [number, path] : saved_files(file)) {
    done.unite(parse_saved_run(read_file(path), path.string()).done);
  }
  const SampleSet missing = first_samples(samples_.count).without(done);
  const std::string saved =
      fmt::format("{} of {} samples are saved in {}", done.count(), samples_.count, file.string());
  if (missing.empty()) return saved + "; the same command with --resume adds them up";
  return fmt::format("{}, missing are {} ({}); the same command with --resume adds just those",
                     saved, missing.count(), listed(missing));
}

void SharedPass::add_up() {
  reduce(
      *options_.ranks, [&] { return gathering_.bytes(); },
      [&](std::string_view bytes, size_t from) {
        gathering_.add(bytes, fmt::format("rank {}", from));
      });
  const std::string all =
      broadcast(*options_.ranks, options_.is_first() ? gathering_.bytes() : std::string());
  if (options_.is_first()) return;
  gathering_.clear();
  gathering_.add(all, "rank 0");
}

uint64_t SharedPass::total_count(uint64_t done_count) const {
  return samples_.is_list ? samples_.count : done_before_.count() + done_count;
}

fs::path checkpoint_of(const fs::path& file, size_t rank) {
  if (rank == 0) return file;
  fs::path beside = file;
  beside += fmt::format(".{}", rank);
  return beside;
}

void require_checkpoint(const fs::path& file) {
  if (!saved_files(file).empty()) return;
  const fs::path folder = folder_of(file);
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    throw Error("nothing to resume: there is no such folder", {.file = folder.string()});
  }
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(".")) found.push_back(name);
  }
  std::ranges::sort(found);
  throw Error(
      fmt::format(
          "nothing to resume: there is no such checkpoint, so nothing was saved, or the run "
          "ended well; found in its folder: {}",
          found.empty() ? "nothing" : listed(found)),
      {.file = file.string()});
}

void remove_checkpoint(const PassOptions& options) {
  if (options.checkpoint.file.empty() || !options.is_first()) return;
  std::error_code ignored;  // The next run finds that all is done.
  for (const auto& [rank, file] : saved_files(options.checkpoint.file)) fs::remove(file, ignored);
}

}  // namespace rangefinder::workflow
