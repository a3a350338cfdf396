#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/known_outputs.h"
#include "analysis/noise_bound.h"
#include "analysis/sections.h"
#include "engine/model_source.h"
#include "engine/session.h"
#include "rangefinder/run_control.h"
#include "workflow/plan.h"
#include "workflow/samples.h"

namespace rangefinder::workflow {

/// What tells how good a quantized form of a model is: its outputs of floats, the last tensors
/// before a selection (analysis::judged_outputs()), and where different quantities make up a tensor
/// (analysis::sections_of()) each of them by itself.
class JudgedQuantities {
 public:
  explicit JudgedQuantities(const Plan& plan);

  size_t count() const { return count_; }
  /// The tensors that hold them, and those of them that are no outputs.
  const std::vector<std::string>& tensors() const { return tensors_; }
  const std::vector<std::string>& inner() const { return inner_; }

  /// Of one sample, for each quantity; empty where the models give different shapes.
  std::vector<std::optional<analysis::SamplePower>> compare(
      const tensor::NamedTensors& real, const tensor::NamedTensors& restored) const;

 private:
  size_t quantities_in(const std::string& tensor) const;

  std::vector<std::string> tensors_;
  std::vector<std::string> inner_;
  std::map<std::string, analysis::Sections> sections_;
  size_t count_ = 0;
};

/// For each quantity what was measured on each sample, in order.
using JudgedPowers = std::vector<std::vector<analysis::SamplePower>>;

/// The signal over the noise, in dB, of the quantity that is worst by its upper bound
/// (analysis::noise_bound()), or by what was measured where a single sample allows no bound.
/// Infinite if nothing could be measured; quantities without a signal do not count.
double worst_sqnr_db(const JudgedPowers& powers);

/// For each quantity the noise by its upper bound, or as it was measured, over the signal; 0
/// without a signal.
std::vector<double> noise_by_quantity(const JudgedPowers& powers);

/// Measures several quantized forms of one model on the same samples, on the kernels that users
/// get; for a runtime that is not here as its QuantizeLinear and DequantizeLinear say
/// (workflow/reference.h).
///
/// The samples are those that are held out; if those are fewer than kMeasuredCount, calibration
/// samples join them: how samples differ is told better by more. What the float model gives is
/// computed once and kept while it is small; it is not opened if all of that is known.
class Judge {
 public:
  /// `samples`, and `known` if it is not null, must outlive this: outputs of the float model that
  /// are there are not computed again, unless they are borrowed, and others are added.
  Judge(const Plan& plan, Samples& samples, const RunControl& run,
        analysis::KnownOutputs* known = nullptr);

  /// The same, bit for bit, for any number of jobs. A sample that cannot be run does not count.
  /// Throws Error: a model that does not load, cancellation.
  ///
  /// `aim_db`: what is asked for. From the second model on, a measurement ends as soon as the noise
  /// is more than all samples together allow: the powers are then those of some samples, and below
  /// the aim.
  JudgedPowers measure(const engine::ModelSource& quantized, std::optional<double> aim_db = {});

  const JudgedQuantities& quantities() const { return quantities_; }
  size_t sample_count() const { return sample_count_; }

  /// At most `most` of the samples: those in which the first model that was measured makes most of
  /// the noise of some quantity, and of equal ones the first; without the `known` noisiest.
  /// Calibration samples, if `most` joined those that are held out.
  CountedFeed noisiest(size_t most, size_t known = 0) const;

 private:
  using Powers = std::vector<std::optional<analysis::SamplePower>>;

  engine::SampleFeed feed() const;
  std::vector<double> noise_shares(const std::vector<Powers>& samples) const;
  analysis::KnownOutputs::Values known_values(uint64_t index) const;
  analysis::KnownOutputs::Values real_values(uint64_t index, const tensor::NamedTensors& sample,
                                             const std::string& name);
  void open_real();

  JudgedQuantities quantities_;
  Samples& samples_;
  RunControl run_;
  /// Of the models that are measured, see open_plain().
  engine::OptimizationLevel optimization_;
  std::shared_ptr<const data::SampleSource> held_out_;
  size_t from_calibration_ = 0;
  size_t sample_count_ = 0;
  engine::ModelSource real_model_;
  /// Open once something is not known.
  std::optional<engine::Session> real_;
  /// Power of each quantity over all samples; empty until all were seen.
  std::vector<double> signal_;
  /// For each sample the largest share that its noise has in a quantity's signal.
  std::vector<double> noise_shares_;
  analysis::KnownOutputs own_;
  analysis::KnownOutputs& known_;
};

}  // namespace rangefinder::workflow
