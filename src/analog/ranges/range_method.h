#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "analog/activations/activation_matrix.h"
#include "analog/hardware/rpu_config.h"
#include "analog/ranges/input_range_type.h"
#include "statistics/value_histogram.h"
#include "statistics/wire.h"

namespace rangefinder::analog {

/// Which call of a layer: the sample's index in the data, and the place in the model where the
/// layer is called (0 unless several nodes share its weights).
struct CallId {
  uint64_t sample = 0;
  uint64_t site = 0;

  auto operator<=>(const CallId&) const = default;
};

/// The magnitudes that one slice saw over all calls.
struct MagnitudeHistogram {
  /// Of |x|, to 2^-kMantissaBits.
  statistics::ValueHistogram counts;
  /// Exact.
  float largest = 0.0f;
};

/// What a RangeMethod has to see of a call.
enum class Sight {
  /// The values in their order.
  kValues,
  /// The counts of each slice, wherever they were made.
  kCounts,
  /// Of those the largest magnitudes alone.
  kLargest,
};

/// Turns the calls of one layer into input ranges, one per slice.
///
/// Unless a type says otherwise the result depends on the calls and their ids alone, not on the
/// order in which they come or the threads that bring them.
class RangeMethod {
 public:
  virtual ~RangeMethod() = default;

  /// Sees one call; rows that are all zero do not count. May be called from several threads.
  /// Throws std::domain_error on NaN or infinity and remembers nothing of that call; with kAihwkit
  /// they go into the ranges as they do in the reference.
  virtual void observe(const CallId& call, const ActivationMatrix& activations) = 0;

  virtual Sight sight() const { return Sight::kValues; }
  /// Instead of calls what others counted of them: all entries of each slice, finite ones alone.
  /// Throws std::invalid_argument if the values must be seen.
  virtual void add_counted(std::span<const MagnitudeHistogram> slices);

  /// What was seen so far, as bytes: enough for the same ranges.
  virtual void encode(statistics::WireWriter& to) const = 0;
  /// Adds what encode() wrote of other calls, by a method that was made in the same way. Throws
  /// Error: bytes that none wrote. A method whose result depends on the order of calls takes that
  /// only before it has seen any; std::invalid_argument otherwise.
  virtual void add(statistics::WireReader& from) = 0;

  /// One range per slice, 0 for a slice that saw only zeros; nothing if no row counted.
  virtual std::optional<std::vector<float>> ranges() const = 0;
};

/// The method for a layer with these columns per slice. Throws std::invalid_argument as
/// require_options(type, options) does, for kNone, and for kMse without an inp_res.
std::unique_ptr<RangeMethod> make_range_method(InputRangeType type,
                                               const InputRangeOptions& options,
                                               const RpuConfig& config, size_t slice_count);

/// Throws std::domain_error if `magnitude_bits` (see largest_magnitude_bits) are not finite.
void require_finite(uint32_t magnitude_bits);

}  // namespace rangefinder::analog
