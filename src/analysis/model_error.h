#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analysis/known_outputs.h"
#include "analysis/noise_bound.h"
#include "analysis/sections.h"
#include "analysis/top_rows.h"
#include "analysis/value_pairs.h"
#include "data/sample_source.h"
#include "engine/model_source.h"
#include "engine/sample_pass.h"
#include "engine/session.h"
#include "quantization/error_metrics.h"
#include "rangefinder/run_control.h"
#include "tensor/tensor.h"

namespace rangefinder::analysis {

/// Of one section of an output, see analysis/sections.h.
struct SectionError {
  std::string name = {};
  /// Of each sample that has the section, in order.
  std::vector<SamplePower> powers = {};
};

/// How far one output of a model is from the same output of another, over all samples on which
/// both gave it in one shape.
struct OutputError {
  std::string name = {};
  /// Over all samples; its sqnr_db() is their pooled signal over their pooled noise.
  quantization::ErrorMetrics metrics = {};
  /// Of each sample that was compared, in order.
  std::vector<SamplePower> powers = {};
  /// The same of the logarithms of shares, where rows are shares of classes; see score_power().
  std::vector<SamplePower> score_powers = {};
  /// Where ModelErrorOptions::sections has some of this output.
  std::vector<SectionError> sections = {};
  /// Samples that were compared, and those on which the models gave different shapes.
  uint64_t sample_count = 0;
  uint64_t shape_mismatch_count = 0;
  /// Of integers and booleans, where a distance says little: values compared, and how many of them
  /// are the same in both.
  uint64_t integer_count = 0;
  uint64_t equal_count = 0;
  /// Of scores of classes.
  TopRows top = {};
  /// To look at.
  ValuePairs values = {};
  /// Why no sample can be compared: one model has no such output, it is a sequence. Else empty.
  std::string obstacle = {};

  void merge(const OutputError& other);
  /// equal_count over integer_count; empty without integers.
  std::optional<double> equal_share() const;

  /// Of `powers`; see analysis/noise_bound.h.
  std::optional<double> noise_bound() const { return analysis::noise_bound(powers); }
  std::optional<double> sqnr_bound_db() const { return analysis::sqnr_bound_db(powers); }
};

/// A sample on which nothing was compared, and why.
struct LeftOutSample {
  std::string name;
  std::string reason;
};

/// What model_error() found.
struct ModelError {
  /// In the reference's order; then what only the other model has.
  std::vector<OutputError> outputs = {};
  /// The same over ModelErrorOptions::more_samples, if they were asked for.
  std::vector<OutputError> more_outputs = {};
  /// In the samples' order.
  std::vector<LeftOutSample> left_out = {};
};

/// Throws Error if a sample holds NaN or infinity where it must not.
using CheckSample =
    std::function<void(const tensor::NamedTensors& sample, const std::string& name)>;

/// Noise that adds so little to another is not to be seen in its figures: 0.04 dB.
inline constexpr double kCheckDistanceDb = 20;

struct ModelErrorOptions {
  RunControl run = {};
  /// Asked about samples in which an input, or an output of the reference, is not all finite.
  /// Several threads may ask. Empty: nothing is checked.
  CheckSample check = {};
  /// A sample that cannot be read, does not fit the models or fails the check is left out instead
  /// of being an error.
  bool leave_out_bad_samples = false;
  /// Opens the other model, while the reference is opened on this thread; empty: as it is given.
  std::function<engine::Session()> open_other = {};
  /// Sections by which outputs are measured, too.
  std::map<std::string, Sections> sections = {};
  /// More samples, to be measured apart from the others; empty: none. Of those a bad one is always
  /// left out, and not named.
  std::function<engine::SampleFeed()> more_samples = {};
  /// What the reference gives, where it is known, and where it is kept; null: nowhere. More samples
  /// stand behind the others. The reference does not run on samples that are known; it is opened
  /// meanwhile, or not at all if nobody needs it.
  ///
  /// Borrowed outputs are held against the reference's own on the first sample that is known. Where
  /// the difference is not kCheckDistanceDb below the other model's error they are given up, and
  /// all samples are measured anew.
  KnownOutputs* known = nullptr;
  /// Called at the end with both sessions, the reference's first, on this thread.
  std::function<void(engine::Session& reference, engine::Session& other)> when_done = {};
};

/// Runs two models on the same samples and compares their outputs of the same name, as float32.
///
/// Both run as a user would run them: fully optimized, so a quantized model computes with its
/// integer kernels. Nothing but the sums is kept. Each sample is measured by itself and the
/// samples are summed in order, so the result is the same, bit for bit, for any number of jobs.
/// Pairs of values that are not finite are counted and left out. So is a sample on which a model
/// fails, and for one output a sample on which its shapes differ (a detector finds another number
/// of objects). Throws Error: a model that does not load, models without an output in common,
/// cancellation, and unless they are to be left out the first bad sample.
ModelError model_error(const engine::ModelSource& reference, const engine::ModelSource& other,
                       const data::SampleSource& samples, const ModelErrorOptions& options = {});

}  // namespace rangefinder::analysis
