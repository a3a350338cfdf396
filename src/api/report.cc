#include "rangefinder/report.h"

#include "api/quantized_state.h"
#include "base/file.h"
#include "workflow/report.h"

namespace rangefinder {

std::string report_html(const std::filesystem::path& file, const ReportOptions& options) {
  return workflow::report_page(file, options);
}

std::string report_html(const QuantizedModel& quantized) {
  return workflow::report_page(quantized.state().quantized);
}

std::string report_html(const Comparison& comparison) { return workflow::report_page(comparison); }

std::string report_html(const AnalogComparison& comparison) {
  return workflow::report_page(comparison);
}

void write_report(const std::filesystem::path& file, const std::filesystem::path& output,
                  const ReportOptions& options) {
  workflow::write_report(file, output, options);
}

void write_report(const Comparison& comparison, const std::filesystem::path& output) {
  write_file(output, report_html(comparison));
}

void write_report(const AnalogComparison& comparison, const std::filesystem::path& output) {
  write_file(output, report_html(comparison));
}

}  // namespace rangefinder
