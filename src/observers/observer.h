#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "quantization/affine.h"
#include "quantization/tensor_quantization_config.h"
#include "statistics/batch_figures.h"
#include "statistics/row_top.h"
#include "statistics/tensor_statistics.h"
#include "tensor/tensor.h"

namespace rangefinder::observers {

/// What an observer must be shown. Statistics, per-batch figures and rows are gathered in one pass
/// for all methods; raw batches mean that the data must pass by again for every pass asked for.
struct Needs {
  /// Counts and extremes, per channel if the config is per channel.
  bool statistics = true;
  /// Sums of every batch's extremes, per channel likewise.
  bool batch_figures = false;
  /// The row_top + 1 largest values of every row along row_axis; 0: none.
  size_t row_top = 0;
  int64_t row_axis = -1;
  /// Passes over the raw batches, in order; begin_pass() and observe() are called for each.
  size_t raw_pass_count = 0;

  /// True if one pass of the engine's counting is enough: no raw batches are asked for.
  bool is_one_pass() const { return raw_pass_count == 0; }
  bool operator==(const Needs&) const = default;
};

/// The laws of statistics, for what an observer keeps of raw batches [docs/observers.md]. An
/// observer of statistics alone keeps nothing and obeys all.
struct Laws {
  bool split = true;  ///< cutting a batch in two changes nothing
  bool merge = true;  ///< merge() of two observers equals one that saw both streams
  bool empty = true;  ///< a batch without elements changes nothing
  bool order = true;  ///< the order of the batches changes nothing

  bool operator==(const Laws&) const = default;
};

/// What was seen of one tensor. What an observer did not ask for may be missing.
struct Observations {
  /// One per channel, or one for the whole tensor.
  std::span<const statistics::TensorStatistics> channels = {};
  /// As many as channels.
  std::span<const statistics::BatchFigures> batches = {};
  /// Null if no rows were gathered; else those along this axis, with at least as many values as
  /// were asked for.
  const statistics::RowTop* rows = nullptr;
  int64_t row_axis = -1;
};

/// Scale and zero point per channel (one if per tensor), and figures worth reporting beside them,
/// e.g. the share of rows whose order survives.
struct Solution {
  std::vector<quantization::AffineParameters> parameters = {};
  std::map<std::string, double> figures = {};
};

/// A calibration method at work on one tensor: what it must see, and how it turns that into scale
/// and zero point. Made by a factory for one config; add your own with
/// register_calibration_observer() [docs/observers.md].
class Observer {
 public:
  virtual ~Observer() = default;

  virtual Needs needs() const { return {}; }
  virtual Laws laws() const { return {}; }

  /// Pass `pass` of needs().raw_pass_count begins.
  virtual void begin_pass(size_t pass);
  /// One raw batch, float32, row-major. Throws Error if it cannot use such data.
  virtual void observe(const tensor::TensorView& batch);
  /// Takes in what `other`, made by the same factory and in the same pass, has seen.
  /// Throws std::invalid_argument if laws().merge is false.
  virtual void merge(const Observer& other);

  /// True if solve() touches nothing that observers of other tensors touch: they may then be solved
  /// at the same time, in several threads.
  virtual bool solves_concurrently() const { return false; }
  /// Called once, at the end. Throws Error if nothing was seen that could be solved.
  virtual Solution solve(const Observations& observations) = 0;

 protected:
  Observer() = default;
  Observer(const Observer&) = default;
  Observer& operator=(const Observer&) = default;
};

/// The config's detail of this name, else the option: what is said of one tensor wins over what is
/// said of all.
double detail_or(const quantization::TensorQuantizationConfig& config, const std::string& name,
                 double option);

/// The grid of a linear config as the searches want it.
quantization::Grid grid_of(const quantization::TensorQuantizationConfig& config);

}  // namespace rangefinder::observers
