#pragma once

#include <nlohmann/json_fwd.hpp>

#include "quantization/tensor_quantization_config.h"
#include "statistics/statistics_file.h"

namespace rangefinder::report {

/// What a page's script draws of one tensor, in short keys [docs/report.md]: `g` bins over the
/// logarithm, `l` bins over the values, `q` choices of methods and `k` error over clip (both only
/// with `with_ranges`), `h` extremes of channels where they were gathered. `all`:
/// statistics::all_channels().
nlohmann::ordered_json tensor_chart(const statistics::ObservedTensor& tensor,
                                    const statistics::TensorStatistics& all,
                                    const quantization::TensorQuantizationConfig& config,
                                    bool with_ranges);

}  // namespace rangefinder::report
