#include "report/cache_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/printable.h"
#include "report/json_text.h"
#include "report/summary.h"

namespace rangefinder::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostListed = 10;

Json tensor_json(const ImportedTensorRow& row) {
  return {{"name", row.name},
          {"scale", row.scale},
          {"origin", row.origin},
          {"cache_name", row.cache_name.empty() ? Json(nullptr) : Json(row.cache_name)}};
}

Json unknown_json(const UnknownEntryRow& row) {
  return {{"name", row.name}, {"line", row.line}, {"kind", row.kind}};
}

template <typename Row, typename ToText>
std::string list(std::string_view title, const std::vector<Row>& rows, const ToText& to_text) {
  if (rows.empty()) return {};
  std::string text = fmt::format("{}: {}\n", title, rows.size());
  for (size_t i = 0; i < std::min(rows.size(), kMostListed); ++i) {
    text += fmt::format("  {}\n", printable(to_text(rows[i])));
  }
  if (rows.size() > kMostListed) {
    text += fmt::format("  ... and {} more (--json lists all)\n", rows.size() - kMostListed);
  }
  return text;
}

std::string itself(const std::string& name) { return name; }

std::string unknown_text(const UnknownEntryRow& row) {
  const std::string_view what = row.kind == "unnamed"
                                    ? ", a tensor that TensorRT made and numbered itself"
                                : row.kind == "fused" ? ", a name made of several layers"
                                                      : "";
  return fmt::format("line {}: {}{}", row.line, row.name, what);
}

size_t count_of(const CacheReport& report, std::string_view origin) {
  return static_cast<size_t>(
      std::count_if(report.tensors.begin(), report.tensors.end(),
                    [&](const ImportedTensorRow& row) { return row.origin == origin; }));
}

std::vector<ImportedTensorRow> by_other_lines(const CacheReport& report) {
  std::vector<ImportedTensorRow> rows;
  for (const auto& row : report.tensors) {
    if (row.origin == "input" || row.origin == "shared") rows.push_back(row);
  }
  return rows;
}

}  // namespace

Json to_json(const CacheReport& report) {
  Json json = {{"cache", report.cache},
               {"model", report.model},
               {"tensorrt_version", report.version},
               {"algorithm", report.algorithm},
               {"entries", report.entry_count},
               {"int8_nodes", report.int8_count},
               {"eligible_nodes", report.eligible_count},
               {"tensors", Json::array()},
               {"missing", report.missing},
               {"zero_scales", report.zero_scales},
               {"unknown", Json::array()},
               {"unused", report.unused},
               {"float_nodes", Json::array()}};
  for (const auto& row : report.tensors) json["tensors"].push_back(tensor_json(row));
  for (const auto& row : report.unknown) json["unknown"].push_back(unknown_json(row));
  for (const auto& row : report.float_nodes) json["float_nodes"].push_back(to_json(row));
  return json;
}

std::string to_table(const CacheReport& report) {
  std::string text = fmt::format("{}: TensorRT {}, {}, {} tensors\n", printable(report.cache),
                                 report.version, report.algorithm, report.entry_count);
  text += fmt::format("{} of {} nodes with weights or products read int8\n", report.int8_count,
                      report.eligible_count);
  text += fmt::format(
      "{} activations in int8: {} by their own line, {} by that of what they are "
      "moved from, {} by one of those that share their codes, {} calibrated\n",
      report.tensors.size(), count_of(report, "cache"), count_of(report, "input"),
      count_of(report, "shared"), count_of(report, "calibrated"));
  text += list("by the line of another tensor", by_other_lines(report),
               [](const auto& row) { return row.name + ", by " + row.cache_name; });
  text += list("not in the cache, what reads them stays float", report.missing, itself);
  text += list("scale zero in the cache", report.zero_scales, itself);
  text += list("in the cache, not in the model", report.unknown, unknown_text);
  text += list("in the cache, read by nothing as int8", report.unused, itself);
  text += list("nodes that stay float", report.float_nodes, [](const FloatNodeRow& row) {
    return fmt::format("{} ({}): {}", row.name, row.op_type, row.reason);
  });
  return text;
}

}  // namespace rangefinder::report

namespace rangefinder {

std::string CacheReport::table() const { return report::to_table(*this); }
std::string CacheReport::json() const { return report::json_text(report::to_json(*this)); }

}  // namespace rangefinder
