#pragma once

#include <filesystem>

#include "report/inspection.h"
#include "workflow/plan.h"

namespace rangefinder::workflow {

/// Throws Error as statistics::read_statistics() does.
report::StatisticsInspection inspect_statistics(const std::filesystem::path& file);

/// Throws Error as read_statistics() does, and if no tensor's name fits the pattern.
HistogramInspection inspect_histograms(const std::filesystem::path& file,
                                       const std::string& pattern);

/// A float model: what would be quantized. The options are for such models alone. A model that
/// already holds codes: what ONNX Runtime makes of it. Throws Error as passes::prepare() does.
report::ModelInspection inspect_model(const engine::ModelSource& source,
                                      const PlanOptions& options = {});

}  // namespace rangefinder::workflow
