#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "report/fields.h"

namespace rangefinder::report {

/// The error of each output, with what its figures do not tell, and with the same output of another
/// run where there is one. Empty without outputs. Throws std::invalid_argument as Fields does.
std::string outputs_section(const Fields& run, const Fields* against);

/// Pairs of values for scatter plots: name `n`, float values `f`, those of the quantized model `q`.
nlohmann::ordered_json output_data(const Fields& run);

/// Signal over noise of an output as JSON tells it: infinite where there is no error.
std::optional<double> output_sqnr_db(const Fields& output);
/// The same of what the output is judged by (docs/verdict.md): the scores behind shares, the worst
/// of the tensors or parts that judge it, or itself.
std::optional<double> judged_sqnr_db(const Fields& output);

}  // namespace rangefinder::report
