#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/sample_pass.h"
#include "rangefinder/checkpoint.h"
#include "rangefinder/communicator.h"
#include "rangefinder/run_control.h"
#include "statistics/sample_set.h"
#include "workflow/run_identity.h"
#include "workflow/saved_run.h"

namespace rangefinder::workflow {

/// How a pass over samples is cut into parts: in time, by checkpoints, and among processes.
struct PassOptions {
  Checkpoint checkpoint = {};
  /// Null: this process works alone.
  Communicator* ranks = nullptr;

  /// Of this process, among so many.
  size_t rank() const { return ranks == nullptr ? 0 : ranks->rank(); }
  size_t size() const { return ranks == nullptr ? 1 : ranks->size(); }
  bool is_first() const { return rank() == 0; }
  bool is_shared() const { return size() > 1; }
  /// Whether it matters which run this is.
  bool needs_identity() const { return ranks != nullptr || !checkpoint.file.empty(); }
};

/// What a pass gathers of samples; it adds up, in files and between processes as bytes. The order
/// does not matter.
class Gathering {
 public:
  virtual ~Gathering() = default;
  virtual std::string bytes() const = 0;
  /// Throws Error naming `from`: bytes that no gathering of this run gives.
  virtual void add(std::string_view bytes, const std::string& from) = 0;
  /// Nothing was seen.
  virtual void clear() = 0;
};

/// The samples of a pass.
struct PassSamples {
  engine::SampleFeed feed;
  /// 0 while it is not known.
  uint64_t count = 0;
  /// Whether any of them can be had without those before it.
  bool is_list = false;
  /// Of a stream: tells apart what was handed out so far.
  std::function<std::string()> passed = {};
};

/// One pass over samples that may have been begun by a process that is gone, and that several
/// processes may share: which samples are left for this one, and what becomes of what it gathers.
///
///     SharedPass pass(options, identity, samples, gathering, run);
///     run_the_model(pass.feed(), pass.stage("observe"), pass.control(), pass.rests());
///     pass.finish();               // the gathering is that of all samples, on every rank
///     ... results are written ...
///     remove_checkpoint(options);
class SharedPass {
 public:
  /// Finds out what is done already. Throws Error: a checkpoint of another run, a damaged one,
  /// ranks of different runs; std::invalid_argument: a stream that several ranks would share.
  SharedPass(const PassOptions& options, RunIdentity run, PassSamples samples, Gathering& gathering,
             const RunControl& control);

  /// The samples of this rank that are left, each with its place.
  engine::SampleFeed feed();
  /// So many, 0 if that is not known.
  engine::Stage stage(const std::string& name) const { return {name, left_}; }
  /// The caller's; progress counts what was done before.
  const RunControl& control() const { return told_; }
  /// Saves what was gathered. To be called when all of it is in the gathering.
  engine::Rests rests();
  /// Saves once more, and adds up what all ranks have. Throws Error if some are gone: what there is
  /// of their samples and of all others is saved, and what is missing is told.
  void finish(uint64_t done_count);
  /// How many samples all ranks have done, then and before; `done_count`: in this pass, by this
  /// one.
  uint64_t total_count(uint64_t done_count) const;

 private:
  void require_same_ranks() const;
  void load();
  void take_over(const std::map<size_t, SavedRun>& saved);
  void share();
  void skip_passed();
  void tell_progress();
  void save(uint64_t done_count);
  void meet() const;
  std::string left_over() const;
  void add_up();
  uint64_t rest(const engine::Rest& rest);

  PassOptions options_;
  RunIdentity run_;
  PassSamples samples_;
  Gathering& gathering_;
  const RunControl& control_;
  RunControl told_;
  /// Done before, by whichever rank's files this rank took over, and by all.
  statistics::SampleSet taken_over_;
  statistics::SampleSet done_before_;
  std::string passed_before_;
  /// Of a list.
  statistics::SampleSet mine_;
  uint64_t left_ = 0;
  /// Files whose content is in this rank's gathering, and that go once that is saved.
  std::vector<std::filesystem::path> absorbed_;
  /// Samples of this pass that are saved.
  uint64_t saved_count_ = 0;
  /// Without a number of samples: after how many seconds the next save is worth it, since when.
  double interval_ = 10.0;
  std::chrono::steady_clock::time_point resumed_ = std::chrono::steady_clock::now();
};

/// Where a rank saves: rank 0 in `file` itself, the others beside it.
std::filesystem::path checkpoint_of(const std::filesystem::path& file, size_t rank);

/// Throws Error, telling what there is instead, if no rank has saved anything there.
void require_checkpoint(const std::filesystem::path& file);

/// Removes the checkpoint files of all ranks, where the run has ended well. Rank 0 alone does.
void remove_checkpoint(const PassOptions& options);

}  // namespace rangefinder::workflow
