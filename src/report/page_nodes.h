#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "report/fields.h"
#include "report/page_tensors.h"

namespace rangefinder::report {

/// The nodes of a summary for the page's script: name `n`, operator `o`, kernel `k`, reason `w`,
/// and by their places in `tensors` what each reads `i` and makes `t`. Empty for a summary that was
/// written before there were nodes in it. Throws std::invalid_argument as Fields does.
nlohmann::ordered_json node_data(const Fields& summary, const std::vector<PageTensor>& tensors);

/// The nodes that stay float, each with its reason and, where it was measured, what it alone would
/// cost in integers.
std::string float_nodes_section(const Fields& run);

/// Where the error is born; empty if nothing tells.
std::string error_sources_section(const Fields& summary);

}  // namespace rangefinder::report
