#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "report/fields.h"
#include "statistics/statistics_file.h"

namespace rangefinder::report {

/// A tensor as a page shows it: from a summary, from statistics, or from both. What is not known is
/// empty.
struct PageTensor {
  std::string name = {};
  /// The tensor whose parameters it shares.
  std::string root = {};
  std::string method = {};
  std::optional<double> range_min = {};
  std::optional<double> range_max = {};
  std::optional<double> scale = {};
  std::optional<double> offset = {};
  std::optional<double> count = {};
  std::optional<double> nan_count = {};
  std::optional<double> inf_count = {};
  std::optional<double> clipped_share = {};
  std::optional<double> sqnr_db = {};
  std::optional<double> held_out_clipped_share = {};
  std::optional<double> held_out_sqnr_db = {};
  /// What the method tells beside.
  std::vector<std::pair<std::string, double>> figures = {};
  /// Of the values seen.
  std::optional<double> seen_min = {};
  std::optional<double> seen_max = {};
  std::optional<double> zero_share = {};
  /// Its channels were divided after the statistics were gathered: those say nothing of its range.
  bool is_smoothed = false;
  /// For the page's script: bins, choices, channels; null without statistics.
  nlohmann::ordered_json chart = {};

  /// Whether its parameters are another tensor's.
  bool shares() const { return !root.empty() && root != name; }
};

/// Of a summary. Throws std::invalid_argument as Fields does.
std::vector<PageTensor> tensors_of(const Fields& summary);
/// Of a statistics file; those that were only added up are left out.
std::vector<PageTensor> tensors_of(const statistics::StatisticsFile& statistics);
/// Adds what statistics know of these tensors, for a target's grid of activations; the default's if
/// there is no target of this name. `with_ranges`: also what methods would choose, which takes most
/// of the time. Works in parallel.
void add_charts(const statistics::StatisticsFile& statistics, const std::string& target,
                bool with_ranges, std::vector<PageTensor>& tensors);

/// A row for each; with `against` (the same tensors of another run, by name) also what changed.
std::string tensor_table(const std::vector<PageTensor>& tensors,
                         const std::vector<PageTensor>* against);
/// The same for the page's script.
nlohmann::ordered_json tensor_data(const std::vector<PageTensor>& tensors,
                                   const std::vector<PageTensor>* against);

}  // namespace rangefinder::report
