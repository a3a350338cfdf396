#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "statistics/statistics_file.h"

namespace rangefinder::report {

/// What a page tells of.
enum class PageKind {
  /// What quantize and solve tell (docs/formats/summary.md).
  kSummary,
  /// What compare tells.
  kComparison,
  /// Statistics alone.
  kStatistics,
  /// Input ranges of analog layers.
  kRanges,
  /// What `analog compare` tells.
  kAnalogComparison,
};

/// "a summary", ...
std::string name_of(PageKind kind);

/// By the keys of a document. Throws std::invalid_argument naming what there is instead.
PageKind kind_of(const nlohmann::ordered_json& document);

/// One run on a page.
struct PageRun {
  /// What it is called: a file or a model.
  std::string name = {};
  PageKind kind = PageKind::kSummary;
  /// Of kStatistics an object without anything that must be there.
  nlohmann::ordered_json document = nlohmann::ordered_json::object();
  /// Null if they are not at hand.
  const statistics::StatisticsFile* statistics = nullptr;
};

/// One self-contained HTML page: no other file and no network, every word from elsewhere escaped,
/// a table where scripts are off. `against`: an earlier run of the same kind. The same arguments
/// give the same bytes. Cost: that of study_ranges() for each tensor with statistics; 1.5 kB each.
/// Throws std::invalid_argument naming a part of a document that has no right type, and if the two
/// runs are of different kinds.
std::string page_of(const PageRun& run, const PageRun* against = nullptr);

}  // namespace rangefinder::report
