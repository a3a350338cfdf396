#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rangefinder/checkpoint.h"
#include "rangefinder/communicator.h"
#include "rangefinder/export.h"
#include "rangefinder/method.h"
#include "rangefinder/model.h"
#include "rangefinder/run_control.h"
#include "rangefinder/samples.h"
#include "rangefinder/statistics.h"
#include "rangefinder/summary.h"

namespace rangefinder {

/// What is to become codes, before any data: for which runtime, and what shall stay float.
struct PlanOptions {
  /// One of known_targets(); empty: the default.
  std::string target = {};
  /// Patterns (`*`, `?`) of nodes that compute in float, by their name or that of a tensor they
  /// make.
  std::vector<std::string> exclude = {};
};

/// How much is done for accuracy once the ranges are known.
enum class Effort {
  /// Ranges alone.
  kFast,
  /// Also scales channels behind norms and between convolutions, corrects the biases for what
  /// rounding the weights does to the mean of each output channel, and stores embeddings and the
  /// weights of LSTM nodes as int8 where that keeps what they say; and leaves room beyond the
  /// largest of few values (docs/methods.md). quantize() rounds the weights of networks with 4
  /// MiB and more of weights of convolutions by what their errors do to outputs, by up to 32
  /// calibration samples, which are looked at again, within limits in proportion to the samples'
  /// own work and to the model's size; where an output is below 20 dB, those of others, too, and
  /// if that is not enough it leaves parts float.
  /// Samples that cannot be looked at again, and fewer than four, leave weights rounded to nearest,
  /// as solve() does, and the summary's notes say so.
  kNormal,
  /// Weights are rounded by up to 64 calibration samples and without those limits, however long it
  /// takes. For quantize() alone: statistics do not tell enough.
  kThorough,
};

/// "fast", "normal" or "thorough".
RANGEFINDER_API std::string name_of(Effort effort);
/// Throws std::invalid_argument naming what is known.
RANGEFINDER_API Effort parse_effort(std::string_view name);

/// What parts of a network are left float for, beside nodes that are excluded by name
/// (docs/numerics/choice.md). Nothing of it given, Effort::kNormal and above leave float what keeps
/// an output below 20 dB, and Effort::kFast leaves nothing.
///
///     options.choice.metric = [](const rangefinder::Model& model) { return top1(model); };
///     options.choice.max_drop = 0.01;
struct ChoiceOptions {
  /// Every output is to reach so many dB of signal over noise, by an upper bound on the noise:
  /// leave float what is most harmful.
  std::optional<double> min_sqnr = {};
  /// A figure of a model, higher is better: asked of the float model first, then of models that are
  /// tried. What it throws ends the work and reaches the caller.
  std::function<double(const Model&)> metric = {};
  /// By how much the figure may be lower than the float model's; not negative.
  double max_drop = 0;
  /// Leave float what integers make slower on this machine; never slower than float.
  bool fastest = false;
  /// A JSON file of what was left float (docs/formats/decisions.md). If it is there, it is read and
  /// nothing is chosen; else it is written with the results.
  std::filesystem::path decisions = {};
};

/// Which samples of a source are calibrated on and which judge the result.
struct SplitOptions {
  /// Calibrate on the first so many; others, up to `most_held_out` evenly spaced, are held out.
  /// Without it one in ten is held out (docs/data.md).
  std::optional<size_t> samples = {};
  /// Hold out so many at most; 0: the result is not judged, and all samples are calibrated on.
  size_t most_held_out = 32;
  /// Judge by these instead; all of the source is then calibrated on.
  std::optional<SampleSource> held_out = {};
};

/// Where results go; an empty path: nowhere.
struct ResultFiles {
  /// The int8 model.
  std::filesystem::path model = {};
  /// Statistics (.rfs).
  std::filesystem::path statistics = {};
  /// The summary, as JSON (docs/formats/summary.md).
  std::filesystem::path summary = {};
  /// A page to look at (HTML, docs/report.md).
  std::filesystem::path report = {};
};

struct QuantizeOptions {
  PlanOptions plan = {};
  Method method = {};
  Effort effort = Effort::kNormal;
  ChoiceOptions choice = {};
  SplitOptions split = {};
  /// Written at the end, all of them together or nothing. That they can be written, and that none
  /// is a file which is read, is checked before the work.
  ResultFiles results = {};
  RunControl run = {};
  /// Of the observation, which is the long part; what follows it is done anew.
  Checkpoint checkpoint = {};
  /// Share the observation with other processes; the rest is done by rank 0. Null: work alone.
  Communicator* ranks = nullptr;
  /// Every output must have so many dB of signal over noise on held-out samples, by the upper bound
  /// of the noise (OutputRow::sqnr_bound_db; of the tensors that judge it where it is not judged at
  /// itself); else Error, and nothing is written.
  std::optional<double> require_sqnr = {};
  /// Also tell how the time of one held-out sample is spread over the nodes (Summary::node_times),
  /// which takes some ten runs of both models more. Done anyway where a report is asked for.
  bool node_times = false;
  /// A program's own command line: hints (Verdict::hints) repeat it with the option in question.
  /// Empty: hints are options alone, as "--effort thorough".
  std::vector<std::string> command = {};
};

/// An int8 model and all that is known of it.
class RANGEFINDER_API QuantizedModel {
 public:
  /// The model in QDQ form: ONNX nodes in float, QuantizeLinear and DequantizeLinear around them,
  /// which runtimes fuse into integer kernels.
  /// Both throw std::invalid_argument on ranks (QuantizeOptions::ranks) but the first.
  const Model& model() const;
  const Summary& summary() const;
  /// What was observed on the way; solve() takes it. Nothing if the model was solved from such.
  const std::optional<Statistics>& statistics() const;

  /// Writes what is asked for, all of it together or nothing. Throws Error: a place that cannot be
  /// written, two names for one file; std::invalid_argument if there are no statistics.
  void save(const ResultFiles& files) const;
  void save(const std::filesystem::path& model) const { save(ResultFiles{.model = model}); }

  struct State;
  explicit QuantizedModel(std::shared_ptr<const State> state);
  const State& state() const { return *state_; }

 private:
  std::shared_ptr<const State> state_;
};

/// Observes the model on the samples, solves ranges, weights and biases, makes the int8 model,
/// loads it back and measures it on held-out samples. Source: docs/design.md.
///
///     auto model = rangefinder::Model::load("model.onnx");
///     auto samples = rangefinder::SampleSource::from_files({"calibration/"});
///     auto int8 = rangefinder::quantize(model, samples);
///     std::cout << int8.summary().table();
///     int8.save("model.int8.onnx");
///
/// Cost: little more than one inference a sample; memory does not grow with the samples. The same
/// model, samples and options give the same bytes, for any number of jobs.
/// Throws Error: a model that is not float or has nothing to quantize, a sample that does not fit,
/// NaN or infinity in a tensor, a required quality that is missed, an interrupt;
/// std::invalid_argument: unknown names, options that contradict each other, a method that must see
/// the data twice on a source that passes by once.
RANGEFINDER_API QuantizedModel quantize(const Model& model, const SampleSource& samples,
                                        const QuantizeOptions& options = {});

/// The part of the samples that one machine of several observes: every count-th from the index-th
/// on.
struct Shard {
  size_t index = 0;
  size_t count = 1;

  bool operator==(const Shard&) const = default;
};

/// "K/N" with 0 <= K < N, or "auto": as Slurm, Kubernetes, MPI or srun number this process by
/// variables of its environment (docs/scale.md). Throws std::invalid_argument, also where none
/// does.
RANGEFINDER_API Shard parse_shard(std::string_view text);

struct ObserveOptions {
  PlanOptions plan = {};
  SplitOptions split = {};
  Shard shard = {};
  /// Name patterns of tensors whose rows are kept too, for methods that look at rows, and the axis
  /// along which those lie. Tensors with two dimensions are kept anyway.
  std::vector<std::string> rows = {};
  int64_t row_axis = -1;
  /// Also write the statistics here; checked before the work.
  std::filesystem::path output = {};
  RunControl run = {};
  Checkpoint checkpoint = {};
  /// Share the samples with other processes; each returns the same, rank 0 writes. Null: work
  /// alone.
  Communicator* ranks = nullptr;
};

/// The first half of quantize(): counts what flows through the model. Throws as quantize() does.
RANGEFINDER_API Statistics observe(const Model& model, const SampleSource& samples,
                                   const ObserveOptions& options = {});

struct SolveOptions {
  PlanOptions plan = {};
  Method method = {};
  /// What statistics without the sums for bias correction do not serve is left out.
  Effort effort = Effort::kNormal;
  /// A decisions file of quantize() to follow; empty: nothing is left float but what is excluded.
  std::filesystem::path decisions = {};
  /// As in QuantizeOptions; without statistics.
  ResultFiles results = {};
  RunControl run = {};
};

/// The second half: an int8 model from statistics, without inference, so the summary has no output
/// errors. Throws as quantize() does, and Error if the statistics are of another model or lack a
/// tensor; std::invalid_argument: a method that must see raw batches.
RANGEFINDER_API QuantizedModel solve(const Model& model, const Statistics& statistics,
                                     const SolveOptions& options = {});

}  // namespace rangefinder
