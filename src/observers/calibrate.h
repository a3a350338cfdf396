#pragma once

#include <span>
#include <string_view>

#include "observers/registry.h"

namespace rangefinder::observers {

/// Solves one tensor with a registered method: what was observed -> scale and zero point, without
/// touching the config.
///
/// A config with an observer name of its own and `method` empty uses that name.
/// Throws std::invalid_argument: unknown method (lists the known ones), a method that needs what
/// was not gathered (raw batches), a config that contradicts itself. Throws Error: nothing finite
/// was seen, in the tensor or in one of its channels.
Solution solve(std::string_view method, const CalibrationOptions& options,
               const Observations& observations,
               const quantization::TensorQuantizationConfig& config);

/// The same with an observer that was made for the config, a valid one, and has seen all the raw
/// batches that it asks for; `method` is for messages.
Solution solve(Observer& observer, std::string_view method, const Observations& observations,
               const quantization::TensorQuantizationConfig& config);

/// The same, written into the config: scale, offset, observer, state ACTIVATED. The figures of the
/// solution are returned. Throws as solve(), and if the state forbids activation; the config is
/// unchanged then.
std::map<std::string, double> calibrate(std::string_view method, const CalibrationOptions& options,
                                        const Observations& observations,
                                        quantization::TensorQuantizationConfig& config);

/// The same from statistics alone: channels.size() == 1 per tensor, else one entry per channel.
std::map<std::string, double> calibrate(std::string_view method, const CalibrationOptions& options,
                                        std::span<const statistics::TensorStatistics> channels,
                                        quantization::TensorQuantizationConfig& config);

/// Writes a solution into the config: scale, offset, state ACTIVATED.
void activate(const Solution& solution, quantization::TensorQuantizationConfig& config);

}  // namespace rangefinder::observers
