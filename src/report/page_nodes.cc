#include "report/page_nodes.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/printable.h"
#include "report/html.h"
#include "report/page_times.h"

namespace rangefinder::report {
namespace {

using Json = nlohmann::ordered_json;

Json places_of(const std::vector<std::string>& names,
               const std::unordered_map<std::string, size_t>& places) {
  Json found = Json::array();
  for (const auto& name : names) {
    const auto place = places.find(name);
    if (place != places.end()) found.push_back(place->second);
  }
  return found;
}

void add_times(const Fields& row, const std::unordered_map<std::string, size_t>& nodes,
               const std::unordered_map<std::string, std::optional<double>>& before, Json& node) {
  if (row.has("float_us")) node["f"] = short_number(row.number("float_us"), 4);
  if (row.has("int8_us")) node["q"] = short_number(row.number("int8_us"), 4);
  const auto then = before.find(row.text("name"));
  if (then != before.end() && then->second) node["bq"] = short_number(then->second, 4);
  const auto teller = nodes.find(row.text("timed_with"));
  if (teller != nodes.end()) node["h"] = teller->second;
}

}  // namespace

Json node_data(const Fields& summary, const std::vector<PageTensor>& tensors,
               const Fields* before) {
  std::unordered_map<std::string, size_t> places;
  for (size_t i = 0; i < tensors.size(); ++i) places[tensors[i].name] = i;
  const auto rows = summary.rows("nodes");
  std::unordered_map<std::string, size_t> node_places;
  for (size_t i = 0; i < rows.size(); ++i) node_places.try_emplace(rows[i].text("name"), i);
  const auto times_before = int8_times(before);
  Json nodes = Json::array();
  for (const Fields& row : rows) {
    Json node = {{"n", printable(row.text("name"))},
                 {"o", printable(row.text("op_type"))},
                 {"k", printable(row.text("kernel"))}};
    if (row.has("reason")) node["w"] = printable(row.text("reason"));
    node["i"] = places_of(row.texts("inputs"), places);
    node["t"] = places_of(row.texts("outputs"), places);
    add_times(row, node_places, times_before, node);
    nodes.push_back(std::move(node));
  }
  return nodes;
}

std::string float_nodes_section(const Fields& run) {
  const auto nodes = run.rows("float_nodes");
  if (nodes.empty()) return {};
  std::map<std::string, std::optional<double>> alone;
  for (const Fields& row : run.rows("decisions")) alone[row.text("node")] = row.number("sqnr_db");
  HtmlTable table("id=\"float-nodes\"", "Nodes that stay float",
                  {{"Node"}, {"Operator"}, {"Why"}, {"Alone in integers, dB", true, true}});
  for (const Fields& row : nodes) {
    const auto found = alone.find(row.text("name"));
    const std::array<std::string, 4> cells = {
        html_text(row.text("name")), html_text(row.text("op_type")), html_text(row.text("reason")),
        decibel_text(found == alone.end() ? std::nullopt : found->second)};
    table.add(cells);
  }
  return fmt::format(
      "<section id=\"float\" aria-labelledby=\"h-float\"><h2 id=\"h-float\">Nodes that stay float "
      "<span class=\"count\">{}</span></h2>\n{}</section>\n",
      nodes.size(), table.html());
}

std::string error_sources_section(const Fields& summary) {
  const auto sources = summary.rows("error_sources");
  if (sources.empty()) return {};
  HtmlTable table("id=\"sources\"", "Where the error is born",
                  {{"Node"}, {"Operator"}, {"Worst input, dB", true}, {"What it makes, dB", true}});
  for (const Fields& row : sources) {
    const auto before = row.number("before_db");
    const std::array<std::string, 4> cells = {
        html_text(row.text("node")), html_text(row.text("op_type")),
        before ? decibel_text(before) : "exact", decibel_text(row.number("after_db"))};
    table.add(cells);
  }
  return fmt::format(
      "<section id=\"born\" aria-labelledby=\"h-born\"><h2 id=\"h-born\">Where the error is born"
      "</h2>\n<p class=\"quiet\">At these nodes the error grows most: signal over noise of the "
      "worst tensor that the node reads, and of what it makes.</p>\n{}</section>\n",
      table.html());
}

}  // namespace rangefinder::report
