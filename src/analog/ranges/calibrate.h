#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analog/layers/analog_model.h"
#include "analog/ranges/input_range_type.h"
#include "analog/ranges/range_method.h"
#include "engine/watch.h"

namespace rangefinder::analog {

/// Finds the input ranges of all layers of a model: what it sees of calls adds up, in this object
/// or as bytes, by the place of the sample in the data (engine::PendingSample::place). Only
/// finish() changes the model, which must outlive this.
class RangeCalibration {
 public:
  /// Throws std::invalid_argument on bad options, or kNone.
  RangeCalibration(AnalogModel& model, InputRangeType type, const InputRangeOptions& options);

  /// One pass over samples that were not seen yet. Returns their number. Throws Error as
  /// calibrate_input_ranges() does of samples.
  uint64_t observe(const engine::SampleFeed& feed, const RunControl& run,
                   const engine::Stage& stage, const engine::Rests& rests = {});

  /// What was seen so far, as bytes. Between two passes, or at a rest.
  std::string bytes() const;
  /// Adds what bytes() of another calibration, of the same model and options, gave for other
  /// samples. Throws Error naming `from`; std::invalid_argument where the result depends on the
  /// order of samples, unless this has seen none.
  void add(std::string_view bytes, const std::string& from);
  /// Nothing was seen.
  void clear();

  /// Gives the model its ranges and switches them on. Throws Error, and leaves the model as it was,
  /// of a layer without a single row that is not all zero.
  void finish();

 private:
  AnalogModel& model_;
  InputRangeType type_;
  InputRangeOptions options_;
  /// One per layer.
  std::vector<std::unique_ptr<RangeMethod>> methods_;
};

/// Finds the input ranges of all layers in one pass over the data and switches them on.
///
/// Statistics are those of the float model (no layer is clipped while calibrating), so a calibrated
/// model can be calibrated again, with an ADC or without. The result does not depend on
/// options.jobs, except that kAihwkit, whose types depend on the order of samples, runs one job.
/// kNone changes nothing. Returns the number of samples.
///
/// Throws, and leaves the model as it was: std::invalid_argument on bad options; Error on zero
/// samples, a layer without a single row that is not all zero (naming it), NaN or infinity in
/// activations, and whatever goes wrong with a sample. With kAihwkit, ranges may come out negative
/// as they do in the reference, but never NaN or infinite.
uint64_t calibrate_input_ranges(AnalogModel& model, InputRangeType type,
                                const engine::SampleFeed& feed,
                                const InputRangeOptions& options = {}, const RunControl& run = {},
                                const engine::Stage& stage = {"calibrate"});

}  // namespace rangefinder::analog
