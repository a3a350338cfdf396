#include "rangefinder/inspect.h"

#include "api/model_state.h"
#include "api/requests.h"
#include "workflow/inspect.h"

namespace rangefinder {

ModelInspection inspect(const Model& model, const PlanOptions& options) {
  return workflow::inspect_model(model.state().source, plan_options(options));
}

StatisticsInspection inspect_statistics(const std::filesystem::path& file) {
  return workflow::inspect_statistics(file);
}

HistogramInspection inspect_histograms(const std::filesystem::path& file,
                                       const std::string& pattern) {
  return workflow::inspect_histograms(file, pattern);
}

}  // namespace rangefinder
