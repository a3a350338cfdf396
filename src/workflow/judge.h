#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "analysis/compare.h"
#include "engine/model_source.h"
#include "engine/session.h"
#include "rangefinder/run_control.h"
#include "workflow/plan.h"
#include "workflow/samples.h"

namespace rangefinder::workflow {

/// Names of the tensors that tell how good a quantized form of the plan's model is
/// (analysis::judged_outputs()), each once: outputs of floats, and what lies before a selection.
std::vector<std::string> judged_tensors(const Plan& plan);

/// The signal over the noise, in dB, of the tensor that is worst by its upper bound
/// (analysis::OutputError::noise_bound()), or by what was measured where a single sample allows no
/// bound. Infinite if nothing could be measured; tensors without a signal do not count.
double worst_sqnr_db(std::span<const analysis::OutputError> errors);

/// Measures several quantized forms of one model on the same samples, on the kernels that users
/// get.
///
/// The samples are those that are held out; if those are fewer than kSamples, calibration samples
/// join them: how samples differ is told better by more. What the float model gives is computed
/// once and kept while it is small.
class Judge {
 public:
  static constexpr size_t kSamples = 40;
  static constexpr uint64_t kKeptBytes = uint64_t{64} << 20;

  /// `samples` must outlive this. Throws Error as engine::Session does.
  Judge(const Plan& plan, Samples& samples, const RunControl& run);

  /// Errors of the judged tensors, in their order, over all samples: the same, bit for bit, for any
  /// number of jobs. A sample that cannot be run does not count. Throws Error: a model that does
  /// not load, cancellation.
  std::vector<analysis::OutputError> measure(const engine::ModelSource& quantized);

  const std::vector<std::string>& tensors() const { return tensors_; }
  size_t sample_count() const { return sample_count_; }

 private:
  engine::SampleFeed feed() const;
  std::shared_ptr<const tensor::NamedTensors> real_values(uint64_t index,
                                                          const tensor::NamedTensors& sample,
                                                          const std::string& name);

  std::vector<std::string> tensors_;
  std::vector<std::string> revealed_;
  Samples& samples_;
  RunControl run_;
  std::shared_ptr<const data::SampleSource> held_out_;
  size_t from_calibration_ = 0;
  size_t sample_count_ = 0;
  engine::Session real_;
  std::mutex mutex_;
  uint64_t kept_bytes_ = 0;
  std::map<uint64_t, std::shared_ptr<const tensor::NamedTensors>> kept_;
};

}  // namespace rangefinder::workflow
