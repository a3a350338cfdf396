#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "engine/model_source.h"
#include "observers/calibration_options.h"
#include "rangefinder/run_control.h"
#include "report/cache_report.h"
#include "workflow/samples.h"

namespace rangefinder::workflow {

struct ImportCacheRequest {
  std::filesystem::path cache = {};
  engine::ModelSource model = {};
  /// What the cache lacks is calibrated on these.
  std::optional<SampleInput> missing_data = {};
  std::optional<size_t> sample_limit = {};
  std::string method = "mse";
  observers::CalibrationOptions options = {};
  std::filesystem::path output = {};
  RunControl run = {};
};

/// The model as the engine has it, and what became of the cache.
struct CacheImport {
  engine::ModelSource model = {};
  report::CacheReport report = {};
};

/// Throws as import_cache() of the public library does. The model is loaded by ONNX Runtime before
/// it is written.
CacheImport import_cache(const ImportCacheRequest& request);

}  // namespace rangefinder::workflow
