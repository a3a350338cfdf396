#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rangefinder/checkpoint.h"
#include "rangefinder/communicator.h"
#include "rangefinder/export.h"
#include "rangefinder/method_info.h"
#include "rangefinder/model.h"
#include "rangefinder/run_control.h"
#include "rangefinder/samples.h"
#include "rangefinder/summary.h"

namespace rangefinder {

/// How the input ranges of an analog layer are found: AIHWKIT-Lightning's
/// InputRangeCalibrationType, and two of our own (docs/analog.md, docs/numerics/analog.md).
enum class InputRangeCalibrationType {
  /// Leaves everything as it is.
  kNone,
  /// Largest |x| of all data.
  kMax,
  /// Mean over calls of alpha times the standard deviation.
  kMovingStd,
  /// Mean over calls of the quantile of |x|.
  kMovingQuantile,
  /// Quantile of |x| over an even random sample of rows.
  kCacheQuantile,
  /// Quantile of |x| over all data, from its histogram; not in the reference.
  kQuantile,
  /// The range with the least squared error of clipping and rounding at inp_res; not in the
  /// reference.
  kMse,
};

/// The command line's spelling: "moving-quantile".
RANGEFINDER_API std::string to_string(InputRangeCalibrationType type);
/// Case, `-` and `_` are ignored: "MOVING_QUANTILE" is known too. Throws std::invalid_argument
/// listing the known types.
RANGEFINDER_API InputRangeCalibrationType input_range_calibration_type(std::string_view name);
/// All types, "none" last; their options are fields of InputRangeOptions, written "max-samples".
RANGEFINDER_API std::vector<MethodInfo> input_range_calibration_types();

/// The analog hardware of a network, in the names of AIHWKIT-Lightning's TorchInferenceRPUConfig:
/// one configuration, exceptions for layers, and what stays digital. Written as JSON
/// (docs/analog.md lists the fields); a regular value.
class RANGEFINDER_API AnalogHardware {
 public:
  /// Ideal converters.
  AnalogHardware();
  AnalogHardware(const AnalogHardware&);
  AnalogHardware(AnalogHardware&&) noexcept;
  AnalogHardware& operator=(AnalogHardware) noexcept;
  ~AnalogHardware();

  /// Throws std::invalid_argument naming the field, what was found and what is allowed.
  static AnalogHardware parse(std::string_view json);
  /// parse() of a file. Throws Error naming the file.
  static AnalogHardware load(const std::filesystem::path& file);
  std::string json() const;

  /// Sets one field of all layers by its path: set("forward.inp_res", 254). Throws
  /// std::invalid_argument as parse() does.
  AnalogHardware& set(std::string_view field, double value);

  struct State;
  explicit AnalogHardware(std::unique_ptr<State> state);
  const State& state() const { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// A weight matrix of the model on its tiles.
struct AnalogLayerInfo {
  /// The node's name; a recurrent node's matrices are "<node>.weight_ih", "<node>.weight_hh", with
  /// "_reverse" for the second direction.
  std::string name;
  /// What PyTorch calls the module: the weight's name without ".weight", else `name`.
  std::string module;
  std::string op_type;
  /// Inputs (rows) of each slice; one tile a slice.
  std::vector<int64_t> slices;
  /// One per slice; empty until calibrated.
  std::vector<float> input_range;
};

/// Where an analog model goes; an empty path: nowhere.
struct AnalogFiles {
  /// The model in standard ONNX operators, see export_analog().
  std::filesystem::path model = {};
  /// The input ranges: JSON, or, if the name ends in .npz, arrays "<module>.input_range" as
  /// AIHWKIT-Lightning names its parameters.
  std::filesystem::path ranges = {};
  /// A page to look at (HTML, docs/report.md).
  std::filesystem::path report = {};
};

/// A float model and what of it goes onto analog tiles.
class RANGEFINDER_API AnalogModel {
 public:
  AnalogModel(AnalogModel&&) noexcept;
  AnalogModel& operator=(AnalogModel&&) noexcept;
  ~AnalogModel();

  std::vector<AnalogLayerInfo> layers() const;
  /// Nodes that could have been layers but stay digital, with the reason.
  std::vector<FloatNodeRow> digital_nodes() const;

  /// What a person wants to see: the layers with their ranges, the digital nodes with their
  /// reasons.
  std::string table() const;
  /// The ranges as JSON text.
  std::string ranges_json() const;
  /// Writes what is asked for, all of it together or nothing; of several ranks the first does.
  /// Throws Error: a place that cannot be written; std::invalid_argument if a layer needs ranges
  /// but was not calibrated.
  void save(const AnalogFiles& files) const;
  /// Gives the model ranges instead of calibrating it. Throws Error naming the layer: missing, of
  /// another number of slices, not finite; the model then stays as it was.
  void load_ranges(const std::filesystem::path& file);

  struct State;
  explicit AnalogModel(std::unique_ptr<State> state);
  State& state() { return *state_; }
  const State& state() const { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// Whose figures are wanted where ours and the reference's differ.
enum class AnalogCompatibility { kNone, kAihwkit };

/// Finds the weight matrices of a float model that go onto analog tiles: Gemm, MatMul and Conv with
/// a constant weight, the matrices of LSTM, GRU and RNN. Throws Error if none does, saying why.
RANGEFINDER_API AnalogModel
convert_to_analog(const Model& model, const AnalogHardware& hardware,
                  AnalogCompatibility compatibility = AnalogCompatibility::kNone);

/// What the types ask for; fields that a type does not use are ignored.
struct InputRangeOptions {
  double quantile = 0.99995;
  /// Rows that CACHE_QUANTILE keeps, of each layer.
  int64_t max_samples = 1000;
  /// Instead of each layer's pre_post.input_range.init_std_alpha.
  std::optional<double> std_alpha = {};
  /// Of CACHE_QUANTILE's choice of rows.
  uint64_t seed = 0;
  /// Only the first so many samples.
  std::optional<uint64_t> samples = {};
  RunControl run = {};
  /// Removed when AnalogModel::save() has written the results.
  Checkpoint checkpoint = {};
  /// Share the samples with other processes; each has the ranges afterwards. Null: work alone.
  Communicator* ranks = nullptr;
};

/// Throws std::invalid_argument naming the option, its value and what is allowed: a quantile
/// outside (0, 1], max_samples below 1, std_alpha not above 0; a type that the reference has not
/// together with kAihwkit.
RANGEFINDER_API void validate(InputRangeCalibrationType type, const InputRangeOptions& options,
                              AnalogCompatibility compatibility = AnalogCompatibility::kNone);

/// The inputs of one call of a model, like a Python sampler's `(args, kwargs)`: positional ones in
/// the order of the model's inputs, and named ones.
struct ModelInputs {
  std::vector<Tensor> positional = {};
  NamedTensors named = {};
};
/// Yields the inputs of the next call, or nothing at the end of the data.
using Sampler = std::function<std::optional<ModelInputs>()>;

/// Finds the input ranges of all layers in one pass over the data and switches them on:
/// AIHWKIT-Lightning's calibrate_input_ranges(model, type, sampler).
///
///     auto hardware = rangefinder::AnalogHardware().set("forward.inp_res", 254);  // 2**8 - 2
///     auto analog = rangefinder::convert_to_analog(model, hardware);
///     rangefinder::calibrate_input_ranges(analog, InputRangeCalibrationType::kCacheQuantile,
///                                         sampler);
///     rangefinder::export_analog(analog).save("analog.onnx");
///
/// Statistics are those of the float model. Returns the number of samples. Throws, and leaves the
/// model as it was: std::invalid_argument on bad options, several ranks with kAihwkit or a stream;
/// Error on zero samples, a layer that saw
/// only zeros, NaN or infinity, whatever goes wrong with a sample, a sampler that does not end.
RANGEFINDER_API uint64_t calibrate_input_ranges(AnalogModel& model, InputRangeCalibrationType type,
                                                const SampleSource& samples,
                                                const InputRangeOptions& options = {});
RANGEFINDER_API uint64_t calibrate_input_ranges(AnalogModel& model, InputRangeCalibrationType type,
                                                Sampler sampler,
                                                const InputRangeOptions& options = {});

/// The model with its analog layers written in standard ONNX operators, so that any runtime
/// computes what the hardware would. With `noise_seed` the configured noise is drawn from it.
/// Throws std::invalid_argument if a layer needs ranges but was not calibrated.
RANGEFINDER_API Model export_analog(const AnalogModel& model,
                                    std::optional<uint64_t> noise_seed = {});

/// One layer of an analog model against the float one.
struct AnalogLayerRow {
  /// Of the layer's output, all upstream errors included; of a recurrent node, its first output.
  /// Its name is the layer's.
  OutputRow output;
  std::vector<float> input_range;
  /// Share of the entries of each slice that lie outside of its range, rows of zeros left out.
  std::vector<double> clipped_share;
};

/// What the outputs would be like after calibrating with one type on these samples.
struct AnalogTypeRow {
  InputRangeCalibrationType type;
  std::vector<OutputRow> outputs;
};

/// Error of a network's outputs under noise, over independent draws of all noise.
struct NoiseStudy {
  /// Relative error of each draw: sqrt(sum of squared errors / sum of squares) over all outputs,
  /// those without an error among them.
  std::vector<double> relative_error;
  double mean = 0.0;
  /// Unbiased standard deviation; 0 with one draw.
  double spread = 0.0;
  /// The same error without any noise.
  double without_noise = 0.0;
};

struct CompareAnalogOptions {
  /// Types to calibrate and judge beside the model as it is.
  std::vector<InputRangeCalibrationType> types = {};
  double quantile = 0.99995;
  uint64_t seed = 0;
  /// Draws of the configured noise; 0: none.
  int noise_draws = 0;
  /// Only the first so many samples.
  std::optional<uint64_t> samples = {};
  RunControl run = {};
};

struct RANGEFINDER_API AnalogComparison {
  std::vector<OutputRow> outputs;
  std::vector<AnalogLayerRow> layers;
  std::vector<AnalogTypeRow> types;
  size_t sample_count = 0;
  std::optional<NoiseStudy> noise = {};
  /// The files, as they were given.
  std::string float_model = {};
  std::string analog_model = {};

  /// What a person wants to see.
  std::string table() const;
  /// The same for programs.
  std::string json() const;
};

/// Compares what export_analog() made with its float original. Throws Error: `analog_model` tells
/// no ranges, or those of another model; a sample that does not fit.
RANGEFINDER_API AnalogComparison compare_analog(const Model& float_model, const Model& analog_model,
                                                const SampleSource& samples,
                                                const CompareAnalogOptions& options = {});

}  // namespace rangefinder
