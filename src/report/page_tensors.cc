#include "report/page_tensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <unordered_map>

#include "base/parallel.h"
#include "base/printable.h"
#include "report/html.h"
#include "report/tensor_chart.h"
#include "statistics/all_channels.h"
#include "targets/target.h"
#include "targets/wider.h"

namespace rangefinder::report {
namespace {

using Json = nlohmann::ordered_json;
using ByName = std::unordered_map<std::string, const PageTensor*>;

PageTensor tensor_of(const Fields& row) {
  PageTensor tensor{
      .name = row.text("name"), .root = row.text("root"), .method = row.text("method")};
  const auto range = row.numbers("range");
  if (range.size() == 2) {
    tensor.range_min = range[0];
    tensor.range_max = range[1];
  }
  tensor.scale = row.number("scale");
  tensor.offset = row.number("offset");
  tensor.count = row.number("count");
  tensor.nan_count = row.number("nan_count");
  tensor.inf_count = row.number("inf_count");
  tensor.clipped_share = row.number("clipped_share");
  tensor.sqnr_db = row.number("sqnr_db");
  tensor.held_out_clipped_share = row.number("held_out_clipped_share");
  tensor.held_out_sqnr_db = row.number("held_out_sqnr_db");
  tensor.figures =
      row.other_numbers({"scale", "offset", "count", "nan_count", "inf_count", "clipped_share",
                         "sqnr_db", "held_out_clipped_share", "held_out_sqnr_db"});
  return tensor;
}

const targets::Target& target_of(const std::string& name) {
  for (const auto& known : targets::all_targets()) {
    if (known.name == name) return known;
  }
  return targets::all_targets().front();
}

/// Where tensors have different numbers of bits, theirs are told.
const quantization::TensorQuantizationConfig& grid_of(const PageTensor& tensor,
                                                      const targets::Target& target) {
  const auto bits = std::ranges::find(tensor.figures, targets::kBitsFigure,
                                      &std::pair<std::string, double>::first);
  return targets::activation_grid(
      target, bits == tensor.figures.end() ? std::nullopt : std::optional(bits->second));
}

void take_seen(const statistics::TensorStatistics& all, PageTensor& tensor) {
  const auto count = static_cast<double>(all.count());
  if (all.extrema.has_range()) {
    tensor.seen_min = all.extrema.min;
    tensor.seen_max = all.extrema.max;
  }
  if (count > 0) tensor.zero_share = static_cast<double>(all.histogram.zero_count()) / count;
  if (!tensor.count) tensor.count = count;
  if (!tensor.nan_count) tensor.nan_count = static_cast<double>(all.extrema.nan_count);
  if (!tensor.inf_count) tensor.inf_count = static_cast<double>(all.extrema.infinity_count());
}

std::string interval(std::optional<double> lower, std::optional<double> upper) {
  if (!lower || !upper) return "–";
  return fmt::format("[{}, {}]", figure_text(lower), figure_text(upper));
}

ByName index_of(const std::vector<PageTensor>* tensors) {
  ByName names;
  if (tensors == nullptr) return names;
  for (const auto& tensor : *tensors) names[tensor.name] = &tensor;
  return names;
}

const PageTensor* find(const ByName& names, const std::string& name) {
  const auto found = names.find(name);
  return found == names.end() ? nullptr : found->second;
}

/// "+1.2 dB", or what else became of it.
std::string change_text(const PageTensor& tensor, const PageTensor* other) {
  if (other == nullptr) return "only here";
  if (!tensor.sqnr_db || !other->sqnr_db) return "–";
  const double change = *tensor.sqnr_db - *other->sqnr_db;
  return fmt::format("{}{:.1f}", change < 0 ? "−" : "+", std::abs(change));
}

std::vector<Column> summary_columns(bool has_other) {
  std::vector<Column> columns = {{"Tensor", false, false, "n"},
                                 {"SQNR dB", true, false, "db"},
                                 {"Clipped", true, false, "cl"},
                                 {"SQNR held-out", true, true, "hd"},
                                 {"Clipped held-out", true, true, "hc"},
                                 {"Range", true, true, "lo"},
                                 {"Scale", true, true, "s"},
                                 {"Zero point", true, true, "z"},
                                 {"Method", false, true, "m"}};
  if (has_other) {
    columns.insert(columns.begin() + 2, {"Change dB", true, false, "ch"});
    columns.insert(columns.begin() + 7, {"Range before", true, true, "blo"});
  }
  return columns;
}

std::vector<std::string> summary_cells(const PageTensor& tensor, bool has_other,
                                       const PageTensor* other) {
  std::vector<std::string> cells = {
      html_text(tensor.name),
      decibel_text(tensor.sqnr_db),
      percent_text(tensor.clipped_share),
      decibel_text(tensor.held_out_sqnr_db),
      percent_text(tensor.held_out_clipped_share),
      interval(tensor.range_min, tensor.range_max),
      figure_text(tensor.scale),
      figure_text(tensor.offset),
      tensor.shares() ? "<span class=\"quiet\">shared</span>" : html_text(tensor.method)};
  if (has_other) {
    cells.insert(cells.begin() + 2, change_text(tensor, other));
    cells.insert(cells.begin() + 7,
                 other == nullptr ? "–" : interval(other->range_min, other->range_max));
  }
  return cells;
}

std::vector<Column> seen_columns(bool has_other) {
  std::vector<Column> columns = {{"Tensor", false, false, "n"},   {"Smallest", true, false, "min"},
                                 {"Largest", true, false, "max"}, {"Zeros", true, true, "zs"},
                                 {"Values", true, true, "c"},     {"NaN", true, true, "nan"},
                                 {"Infinite", true, true, "inf"}};
  if (has_other) columns.insert(columns.begin() + 3, {"Before", true, true, "bmin"});
  return columns;
}

std::vector<std::string> seen_cells(const PageTensor& tensor, bool has_other,
                                    const PageTensor* other) {
  std::vector<std::string> cells = {
      html_text(tensor.name),          figure_text(tensor.seen_min),
      figure_text(tensor.seen_max),    percent_text(tensor.zero_share),
      figure_text(tensor.count, 7),    figure_text(tensor.nan_count, 7),
      figure_text(tensor.inf_count, 7)};
  if (has_other) {
    cells.insert(cells.begin() + 3,
                 other == nullptr ? "only here" : interval(other->seen_min, other->seen_max));
  }
  return cells;
}

Json other_data(const PageTensor& other) {
  Json json = {{"m", printable(other.method)},
               {"a", {short_number(other.range_min), short_number(other.range_max)}},
               {"db", short_number(other.sqnr_db, 4)},
               {"cl", short_number(other.clipped_share, 4)},
               {"seen", {short_number(other.seen_min), short_number(other.seen_max)}}};
  if (other.chart.is_object()) json["g"] = other.chart.at("g");
  return json;
}

/// Leaves out what there is none of: a page may have thousands.
void put(const char* key, Json value, Json& to) {
  if (!value.is_null()) to[key] = std::move(value);
}

Json data_of(const PageTensor& tensor, const PageTensor* other) {
  Json json = {{"n", printable(tensor.name)}};
  if (tensor.shares()) json["r"] = printable(tensor.root);
  if (!tensor.method.empty()) json["m"] = printable(tensor.method);
  put("lo", short_number(tensor.range_min), json);
  put("hi", short_number(tensor.range_max), json);
  put("s", short_number(tensor.scale), json);
  put("z", short_number(tensor.offset), json);
  put("c", short_number(tensor.count), json);
  if (tensor.nan_count.value_or(0) > 0) json["nan"] = short_number(tensor.nan_count);
  if (tensor.inf_count.value_or(0) > 0) json["inf"] = short_number(tensor.inf_count);
  put("cl", short_number(tensor.clipped_share, 4), json);
  put("db", short_number(tensor.sqnr_db, 4), json);
  put("hc", short_number(tensor.held_out_clipped_share, 4), json);
  put("hd", short_number(tensor.held_out_sqnr_db, 4), json);
  put("min", short_number(tensor.seen_min), json);
  put("max", short_number(tensor.seen_max), json);
  put("zs", short_number(tensor.zero_share, 4), json);
  for (const auto& [name, value] : tensor.figures) json["f"][printable(name)] = short_number(value);
  if (tensor.is_smoothed) json["sm"] = true;
  if (tensor.chart.is_object()) json.update(tensor.chart);
  if (other != nullptr) json["b"] = other_data(*other);
  return json;
}

}  // namespace

std::vector<PageTensor> tensors_of(const Fields& summary) {
  std::unordered_set<std::string> smoothed;
  for (const Fields& row : summary.rows("smoothings")) {
    if (!row.flag("smoothed") || row.flag("adds_node")) continue;
    for (const std::string& name : row.texts("tensors")) smoothed.insert(name);
  }
  std::vector<PageTensor> tensors;
  for (const Fields& row : summary.rows("tensors")) {
    tensors.push_back(tensor_of(row));
    tensors.back().is_smoothed = smoothed.contains(tensors.back().name);
  }
  return tensors;
}

std::vector<PageTensor> tensors_of(const statistics::StatisticsFile& statistics) {
  std::vector<PageTensor> tensors;
  for (const auto& tensor : statistics.tensors) {
    if (!tensor.holds_sums_alone) tensors.push_back({.name = tensor.name, .root = tensor.name});
  }
  return tensors;
}

void add_charts(const statistics::StatisticsFile& statistics, const std::string& target,
                bool with_ranges, std::vector<PageTensor>& tensors) {
  std::unordered_map<std::string, const statistics::ObservedTensor*> seen;
  for (const auto& tensor : statistics.tensors) {
    if (!tensor.holds_sums_alone) seen[tensor.name] = &tensor;
  }
  const targets::Target& written_for = target_of(target);
  parallel_for(tensors.size(), [&](size_t i) {
    PageTensor& tensor = tensors[i];
    const auto found = seen.find(tensor.name);
    if (found == seen.end() || found->second->channels.empty()) return;
    const auto all = statistics::all_channels(*found->second);
    take_seen(all, tensor);
    tensor.chart = tensor_chart(*found->second, all, grid_of(tensor, written_for),
                                with_ranges && !tensor.is_smoothed);
  });
}

std::string tensor_table(const std::vector<PageTensor>& tensors,
                         const std::vector<PageTensor>* against) {
  const ByName others = index_of(against);
  const bool has_other = against != nullptr;
  const bool has_ranges =
      std::ranges::any_of(tensors, [](const auto& tensor) { return tensor.range_min.has_value(); });
  HtmlTable table("id=\"tensors\"", "Tensors in the order of the network",
                  has_ranges ? summary_columns(has_other) : seen_columns(has_other));
  for (size_t i = 0; i < tensors.size(); ++i) {
    const PageTensor* other = find(others, tensors[i].name);
    table.add(has_ranges ? summary_cells(tensors[i], has_other, other)
                         : seen_cells(tensors[i], has_other, other),
              fmt::format("data-i=\"{}\"", i));
  }
  return table.html();
}

Json tensor_data(const std::vector<PageTensor>& tensors, const std::vector<PageTensor>* against) {
  const ByName others = index_of(against);
  Json rows = Json::array();
  for (const auto& tensor : tensors) rows.push_back(data_of(tensor, find(others, tensor.name)));
  return rows;
}

}  // namespace rangefinder::report
