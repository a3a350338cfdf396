#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "report/fields.h"
#include "report/page_tensors.h"

namespace rangefinder::report {

/// The nodes of a summary for the page's script: name `n`, operator `o`, kernel `k`, reason `w`,
/// by their places in `tensors` what each reads `i` and makes `t`, and where it was measured the
/// microseconds in float `f`, in int8 `q` and in int8 before `bq`, or the place `h` of the node
/// that tells them. Empty for a summary that was written before there were nodes in it. `before`:
/// the other run, or null. Throws std::invalid_argument as Fields does.
nlohmann::ordered_json node_data(const Fields& summary, const std::vector<PageTensor>& tensors,
                                 const Fields* before = nullptr);

/// The nodes that stay float, each with its reason and, where it was measured, what it alone would
/// cost in integers.
std::string float_nodes_section(const Fields& run);

/// Where the error is born; empty if nothing tells.
std::string error_sources_section(const Fields& summary);

}  // namespace rangefinder::report
