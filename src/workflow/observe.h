#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/sample_source.h"
#include "statistics/statistics_file.h"
#include "workflow/plan.h"
#include "workflow/run_options.h"

namespace rangefinder::workflow {

/// A data set split for one run.
struct Samples {
  std::shared_ptr<const data::SampleSource> calibration;
  /// Which samples of the whole data set those are.
  statistics::SampleSet indices;
  /// Size 0 if nothing could be held out.
  std::shared_ptr<const data::SampleSource> held_out;
  /// Of the whole data set.
  uint64_t fingerprint = 0;
};

/// Throws as data::open_samples, data::split_held_out and data::select_shard do.
Samples open_samples(const data::DataOptions& options);

/// One pass over the calibration samples. Throws as engine::observe() does.
statistics::StatisticsFile observe(const Plan& plan, const Samples& samples, const RowAxes& rows,
                                   const RunOptions& run);

/// One more pass, for methods that must see raw batches: shows these tensors to the visitor, by
/// their place in the list, sample by sample. One worker, so that the order is that of the samples.
/// Throws as engine::watch() does.
void show_raw(const Plan& plan, const Samples& samples, const std::vector<std::string>& tensors,
              const passes::RawVisitor& visitor, const RunOptions& run);

/// Throws Error naming `file` unless the statistics were observed on this very model, and hold
/// every tensor that the plan needs. They may hold more: what is excluded may have been observed.
void require_match(const Plan& plan, const statistics::StatisticsFile& statistics,
                   const std::string& file);

}  // namespace rangefinder::workflow
