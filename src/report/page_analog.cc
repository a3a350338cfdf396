#include "report/page_analog.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "report/html.h"
#include "report/page_outputs.h"

namespace rangefinder::report {
namespace {

/// Slices whose figures are shown as numbers; of more the bars tell.
constexpr size_t kMostSlices = 8;

/// A layer with its name: an entry of a list, or of an object whose keys are names.
struct Layer {
  std::string name;
  Fields fields;
};

bool is_measured(const Fields& run) { return run.has("types"); }

std::vector<Layer> layers_of(const Fields& run) {
  std::vector<Layer> layers;
  if (is_measured(run)) {
    for (const Fields& row : run.rows("layers")) layers.push_back({row.text("name"), row});
  } else if (const auto ranges = run.object("layers")) {
    for (const auto& [name, fields] : ranges->members()) layers.push_back({name, fields});
  }
  return layers;
}

/// A bar for each slice, by its share of the largest, and the numbers below.
std::string slices_of(const std::vector<double>& values, double largest,
                      std::string (*text_of)(double)) {
  if (values.empty()) return "–";
  std::string bars;
  std::string numbers;
  for (size_t i = 0; i < values.size(); ++i) {
    const double share = largest > 0 && std::isfinite(values[i]) ? values[i] / largest : 0;
    fmt::format_to(std::back_inserter(bars), "<i style=\"height:{:.0f}%\"></i>",
                   std::clamp(share * 100, 2.0, 100.0));
    if (i >= kMostSlices) continue;
    fmt::format_to(std::back_inserter(numbers), "{}{}", i == 0 ? "" : " · ", text_of(values[i]));
  }
  if (values.size() > kMostSlices) {
    fmt::format_to(std::back_inserter(numbers), " · … {} slices", values.size());
  }
  return fmt::format("<span class=\"slices\" aria-hidden=\"true\">{}</span>{}", bars, numbers);
}

double largest_of(const std::vector<double>& values) {
  double largest = 0;
  for (const double value : values) largest = std::max(largest, value);
  return largest;
}

std::string range_text(double value) { return figure_text(value); }
std::string share_text(double value) { return percent_text(value); }

std::string ranges_cell(const Fields& layer) {
  const auto ranges = layer.numbers("input_range");
  return slices_of(ranges, largest_of(ranges), range_text);
}

std::vector<Column> columns_of(bool measured, bool has_other) {
  std::vector<Column> columns = {{"Layer"}};
  if (measured) columns.push_back({"SQNR dB", true});
  if (has_other) columns.push_back({measured ? "Before, dB" : "Range before", measured, true});
  columns.push_back({"Input range of each slice"});
  if (measured) columns.push_back({"Clipped inputs of each slice"});
  return columns;
}

std::string outputs_of(const std::vector<Fields>& outputs) {
  std::string text;
  for (const Fields& row : outputs) {
    const auto found = output_sqnr_db(row);
    fmt::format_to(std::back_inserter(text), "{}{}: {}{}", text.empty() ? "" : "<br>",
                   html_text(row.text("name")), decibel_text(found),
                   found && std::isfinite(*found) ? " dB" : "");
  }
  return text;
}

}  // namespace

std::string layers_section(const Fields& run, const Fields* against) {
  const auto layers = layers_of(run);
  if (layers.empty()) return {};
  const bool measured = is_measured(run);
  std::map<std::string, Fields> before;
  if (against != nullptr) {
    for (const auto& layer : layers_of(*against)) before.emplace(layer.name, layer.fields);
  }
  HtmlTable table("id=\"layers\"", "Analog layers", columns_of(measured, against != nullptr));
  for (const auto& [name, fields] : layers) {
    std::string title = html_text(name);
    const std::string module = fields.text("module");
    if (!module.empty() && module != name) {
      title += "<div class=\"quiet\">" + html_text(module) + "</div>";
    }
    std::vector<std::string> cells = {title};
    if (measured) cells.push_back(decibel_text(fields.number("sqnr_db")));
    if (against != nullptr) {
      const auto other = before.find(name);
      cells.push_back(other == before.end() ? "only here"
                      : measured            ? decibel_text(other->second.number("sqnr_db"))
                                            : ranges_cell(other->second));
    }
    cells.push_back(ranges_cell(fields));
    if (measured) {
      const auto clipped = fields.numbers("clipped_share");
      cells.push_back(slices_of(clipped, largest_of(clipped), share_text));
    }
    table.add(cells);
  }
  return fmt::format(
      "<section id=\"analog\" aria-labelledby=\"h-layers\"><h2 id=\"h-layers\">Analog layers "
      "<span class=\"count\">{}</span></h2>\n{}{}</section>\n",
      layers.size(), table.html(),
      measured
          ? ""
          : "<p class=\"quiet\">Ranges alone: <code>rangefinder analog compare</code> measures "
            "clipped inputs and the error of each layer.</p>");
}

std::string types_section(const Fields& run) {
  std::string text;
  HtmlTable table("", "Other types", {{"Type"}, {"Outputs, signal over noise"}});
  if (const auto types = run.object("types")) {
    for (const auto& [name, fields] : types->members()) {
      table.add(std::array<std::string, 2>{html_text(name), outputs_of(fields.rows("outputs"))});
    }
  }
  if (table.size() > 0) text += table.html();
  if (const auto noise = run.object("noise")) {
    text += fmt::format("<p>Noise: relative error {} ± {} over {} draws, {} without noise.</p>",
                        figure_text(noise->number("mean")), figure_text(noise->number("spread")),
                        noise->numbers("relative_error").size(),
                        figure_text(noise->number("without_noise")));
  }
  if (text.empty()) return {};
  return "<section aria-labelledby=\"h-types\"><h2 id=\"h-types\">Other ways to find the ranges"
         "</h2>\n" +
         text + "</section>\n";
}

std::string digital_section(const Fields& run) {
  HtmlTable table("", "Nodes that stay digital", {{"Node"}, {"Operator"}, {"Why"}});
  for (const Fields& row : run.rows("digital_nodes")) {
    table.add(std::array<std::string, 3>{html_text(row.text("name")),
                                         html_text(row.text("op_type")),
                                         html_text(row.text("reason"))});
  }
  if (table.size() == 0) return {};
  return "<section aria-labelledby=\"h-digital\"><h2 id=\"h-digital\">Nodes that stay digital"
         "</h2>\n" +
         table.html() + "</section>\n";
}

}  // namespace rangefinder::report
