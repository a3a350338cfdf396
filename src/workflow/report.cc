#include "workflow/report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "analog/export/ranges_file.h"
#include "base/cancellation.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "report/fields.h"
#include "report/page.h"
#include "workflow/run_files.h"

// Every page is made from JSON, the same that is written for programs: a page of a run and a page
// of the summary that the run wrote differ by what is not in the summary alone.

namespace rangefinder::workflow {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// A run that was read from files, and what its page refers to.
struct FileRun {
  report::PageRun run = {};
  std::optional<statistics::StatisticsFile> statistics = {};
};

/// Statistics of another run would be shown as those of this one.
void require_same(const Json& summary, const statistics::StatisticsFile& statistics,
                  const fs::path& file) {
  std::unordered_map<std::string, uint64_t> counts;
  for (const auto& tensor : statistics.tensors) {
    if (tensor.holds_sums_alone) continue;
    uint64_t& count = counts[tensor.name];
    for (const auto& channel : tensor.channels) count += channel.count();
  }
  bool is_any_known = false;
  for (const report::Fields& row : report::Fields(summary).rows("tensors")) {
    const auto found = counts.find(row.text("name"));
    const auto count = row.number("count");
    if (found == counts.end() || !count) continue;
    is_any_known = true;
    if (*count == static_cast<double>(found->second)) continue;
    throw Error(fmt::format("statistics of another run: {} values, {} in the summary",
                            found->second, *count),
                {.file = file.string(), .tensor = found->first});
  }
  if (!is_any_known) {
    throw Error("holds no tensor of the summary", {.file = file.string()});
  }
}

FileRun read_statistics_run(const fs::path& file) {
  FileRun read{.run = {.name = file.string(), .kind = report::PageKind::kStatistics}};
  read.statistics = statistics::read_statistics(file);
  read.run.document["samples"] = read.statistics->sample_count();
  return read;
}

FileRun read_run(const fs::path& file, const fs::path& statistics) {
  const bool is_statistics = file.extension() == ".rfs";
  FileRun read;
  if (is_statistics) {
    read = read_statistics_run(file);
  } else {
    read.run.name = file.string();
    try {
      read.run.document = parse_json(read_file(file));
      read.run.kind = report::kind_of(read.run.document);
    } catch (const std::invalid_argument& error) {
      throw Error(error.what(), {.file = file.string()});
    }
  }
  if (statistics.empty()) return read;
  if (read.run.kind != report::PageKind::kSummary) {
    throw std::invalid_argument(fmt::format("{} is {}: statistics are told with a summary alone",
                                            file.string(), report::name_of(read.run.kind)));
  }
  read.statistics = statistics::read_statistics(statistics);
  try {
    require_same(read.run.document, *read.statistics, statistics);
  } catch (const std::invalid_argument& error) {
    throw Error(error.what(), {.file = file.string()});
  }
  return read;
}

/// The run as it stands in `read`, which must stay where it is.
const report::PageRun& run_of(FileRun& read) {
  read.run.statistics = read.statistics ? &*read.statistics : nullptr;
  return read.run;
}

Json layers_json(const analog::AnalogModel& model) {
  Json json = parse_json(analog::ranges_json(model));
  Json digital = Json::array();
  for (const auto& node : model.digital) {
    digital.push_back(report::to_json(report::FloatNodeRow{node.name, node.op_type, node.reason}));
  }
  json["digital_nodes"] = std::move(digital);
  return json;
}

}  // namespace

std::string report_page(const Quantized& quantized) {
  const bool has_statistics = !quantized.statistics.tensors.empty();
  return report::page_of({.name = quantized.summary.model,
                          .kind = report::PageKind::kSummary,
                          .document = report::to_json(quantized.summary),
                          .statistics = has_statistics ? &quantized.statistics : nullptr});
}

std::string report_page(const Comparison& comparison) {
  Json document = to_json(comparison);
  document["model"] = comparison.float_model;
  document["output"] = comparison.quantized_model;
  document["output_values"] = report::output_values_json(comparison.outputs);
  return report::page_of({.name = comparison.quantized_model,
                          .kind = report::PageKind::kComparison,
                          .document = std::move(document)});
}

std::string report_page(const AnalogComparison& comparison) {
  Json document = to_json(comparison);
  document["model"] = comparison.float_model;
  document["output"] = comparison.analog_model;
  return report::page_of({.name = comparison.analog_model,
                          .kind = report::PageKind::kAnalogComparison,
                          .document = std::move(document)});
}

std::string report_page(const analog::AnalogModel& model, const std::string& file) {
  return report::page_of(
      {.name = file, .kind = report::PageKind::kRanges, .document = layers_json(model)});
}

std::string report_page(const fs::path& file, const ReportOptions& options) {
  const Cancellation heeded(options.run.cancelled);
  if (options.against.empty() && !options.against_statistics.empty()) {
    throw std::invalid_argument("statistics of an earlier run need the earlier run");
  }
  FileRun read = read_run(file, options.statistics);
  const report::PageRun& run = run_of(read);
  std::optional<FileRun> against;
  if (!options.against.empty()) against = read_run(options.against, options.against_statistics);
  try {
    return report::page_of(run, against ? &run_of(*against) : nullptr);
  } catch (const std::invalid_argument& error) {
    throw Error(error.what(), {.file = file.string()});
  }
}

void write_report(const fs::path& file, const fs::path& output, const ReportOptions& options) {
  RunFiles files{.others = {file}, .outputs = {output}};
  for (const auto* other : {&options.statistics, &options.against, &options.against_statistics}) {
    if (!other->empty()) files.others.push_back(*other);
  }
  prepare_outputs(files, options.run);
  const std::string page = report_page(file, options);
  stop_if_cancelled();
  write_file(output, page);
}

}  // namespace rangefinder::workflow
