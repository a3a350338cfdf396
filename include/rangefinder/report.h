#pragma once

#include <filesystem>
#include <string>

#include "rangefinder/analog.h"
#include "rangefinder/compare.h"
#include "rangefinder/export.h"
#include "rangefinder/quantize.h"
#include "rangefinder/run_control.h"

namespace rangefinder {

/// What belongs to a report beside its file.
struct ReportOptions {
  /// The statistics (.rfs) of a summary: distributions of its tensors.
  std::filesystem::path statistics = {};
  /// An earlier run of the same kind, to tell what changed, and its statistics.
  std::filesystem::path against = {};
  std::filesystem::path against_statistics = {};
  RunControl run = {};
};

/// A report to look at in a browser: one self-contained HTML page without any network, which
/// docs/report.md describes. Of a file: a summary of quantize() or solve(), statistics (.rfs),
/// input ranges of analog layers (JSON), or what `compare --json` or `analog compare --json`
/// printed.
///
///     std::ofstream("run.html") << rangefinder::report_html("summary.json",
///                                                           {.statistics = "run.rfs"});
///
/// The same files give the same bytes. Throws Error naming the file that cannot be read, is nothing
/// of that, or does not belong to the others; std::invalid_argument for statistics of a file that
/// takes none.
RANGEFINDER_API std::string report_html(const std::filesystem::path& file,
                                        const ReportOptions& options = {});
/// Of a result; ResultFiles::report writes the same.
RANGEFINDER_API std::string report_html(const QuantizedModel& quantized);
RANGEFINDER_API std::string report_html(const Comparison& comparison);
RANGEFINDER_API std::string report_html(const AnalogComparison& comparison);

/// report_html(), written: the whole page or nothing. Throws Error also if it cannot be, or would
/// replace a file that is read.
RANGEFINDER_API void write_report(const std::filesystem::path& file,
                                  const std::filesystem::path& output,
                                  const ReportOptions& options = {});
RANGEFINDER_API void write_report(const Comparison& comparison,
                                  const std::filesystem::path& output);
RANGEFINDER_API void write_report(const AnalogComparison& comparison,
                                  const std::filesystem::path& output);

}  // namespace rangefinder
