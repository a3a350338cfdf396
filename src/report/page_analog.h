#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "report/fields.h"

namespace rangefinder::report {

/// The layers of an analog network: of a file of input ranges their ranges per slice, of what
/// `analog compare` found also the error of each and its clipped inputs. Throws
/// std::invalid_argument as Fields does.
std::string layers_section(const Fields& run, const Fields* against);

/// What the outputs would be like by other types, and what noise does to them; empty if it was not
/// asked.
std::string types_section(const Fields& run);

/// Nodes that stay digital; empty without.
std::string digital_section(const Fields& run);

}  // namespace rangefinder::report
