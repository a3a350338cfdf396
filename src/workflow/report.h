#pragma once

#include <filesystem>
#include <string>

#include "analog/layers/analog_model.h"
#include "rangefinder/report.h"
#include "workflow/analog_compare.h"
#include "workflow/compare.h"
#include "workflow/quantize.h"

namespace rangefinder::workflow {

// Pages as report::page_of() makes them.

/// With the distributions that were observed.
std::string report_page(const Quantized& quantized);
std::string report_page(const Comparison& comparison);
std::string report_page(const AnalogComparison& comparison);
/// The ranges of a calibrated model, and what stays digital. `file`: what the page is called.
std::string report_page(const analog::AnalogModel& model, const std::string& file);

/// Of files: a summary, statistics (.rfs), input ranges or what `compare --json` printed. Throws
/// Error naming the file that cannot be read, is nothing of that, or does not belong to the other;
/// std::invalid_argument for statistics of a file that takes none.
std::string report_page(const std::filesystem::path& file, const ReportOptions& options = {});

/// The same, written; that the page can be, and replaces nothing that is read, is checked first.
void write_report(const std::filesystem::path& file, const std::filesystem::path& output,
                  const ReportOptions& options = {});

}  // namespace rangefinder::workflow
