#pragma once

#include <string>
#include <vector>

#include "report/fields.h"
#include "report/page_tensors.h"

namespace rangefinder::report {

/// What changed from `before` to `run`: verdict and figures, nodes that became float or integer,
/// and the tensors whose range moved most. `name`, `before_name`: what the runs are called. Throws
/// std::invalid_argument as Fields does.
std::string changes_section(const Fields& run, const Fields& before,
                            const std::vector<PageTensor>& tensors,
                            const std::vector<PageTensor>& tensors_before, const std::string& name,
                            const std::string& before_name);

}  // namespace rangefinder::report
