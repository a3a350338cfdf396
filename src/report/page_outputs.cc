#include "report/page_outputs.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/printable.h"
#include "report/html.h"

namespace rangefinder::report {
namespace {

using Json = nlohmann::ordered_json;

/// What the figures of an output do not tell, as small print below its name.
std::string remarks_of(const Fields& output) {
  std::string text;
  auto out = std::back_inserter(text);
  const auto say = [&](const std::string& what) {
    fmt::format_to(out, "<div class=\"quiet\">{}</div>", what);
  };
  if (output.has("reason")) say("not compared: " + html_text(output.text("reason")));
  if (const auto other = output.number("shape_mismatch_count").value_or(0); other > 0) {
    say(fmt::format("another shape on {:.0f} samples", other));
  }
  if (const auto left_out = output.number("nonfinite_count").value_or(0); left_out > 0) {
    say(fmt::format("{:.0f} pairs left out, NaN or infinite in one of them", left_out));
  }
  if (output.has("selected_by")) {
    say("judged before the selection by " + html_text(output.text("selected_by")));
  }
  if (output.has("score_sqnr_db")) {
    say(fmt::format("the scores behind its shares: {} dB, {} at the least",
                    decibel_text(output.number("score_sqnr_db")),
                    decibel_text(output.number("score_bound_db"))));
  }
  for (const Fields& tensor : output.rows("judged_at")) {
    say(fmt::format("{}: {} dB, {} at the least", html_text(tensor.text("name")),
                    decibel_text(tensor.number("sqnr_db")),
                    decibel_text(tensor.number("sqnr_bound_db"))));
  }
  return text;
}

std::string agreement_of(const Fields& output) {
  if (output.has("same_top_share")) return percent_text(output.number("same_top_share"));
  return percent_text(output.number("equal_share"));
}

std::string bar(std::optional<double> decibels) {
  if (!decibels || std::isnan(*decibels)) return "";
  const double share = std::isinf(*decibels) ? 1 : std::fmin(1, std::fmax(0, *decibels / 60));
  return fmt::format("<span class=\"bar\"><span style=\"width:{:.0f}%\"></span></span>",
                     share * 100);
}

std::vector<Column> columns_of(bool has_other) {
  std::vector<Column> columns = {{"Output"},
                                 {"SQNR dB", true},
                                 {"At the least", true, true},
                                 {"Cosine", true, true},
                                 {"Largest error", true, true},
                                 {"Same choice", true, true}};
  if (has_other) columns.insert(columns.begin() + 2, {"Before", true});
  return columns;
}

}  // namespace

std::optional<double> output_sqnr_db(const Fields& output) {
  if (const auto found = output.number("sqnr_db")) return found;
  if (output.has("reason") || !output.has("cosine")) return std::nullopt;
  return std::numeric_limits<double>::infinity();
}

std::optional<double> judged_sqnr_db(const Fields& output) {
  std::optional<double> worst;
  for (const Fields& tensor : output.rows("judged_at")) {
    const auto scores = tensor.number("score_sqnr_db");
    const auto found = scores ? scores : tensor.number("sqnr_db");
    if (found && (!worst || *found < *worst)) worst = found;
  }
  if (worst) return worst;
  if (const auto scores = output.number("score_sqnr_db")) return scores;
  return output_sqnr_db(output);
}

std::string outputs_section(const Fields& run, const Fields* against) {
  const auto outputs = run.rows("outputs");
  if (outputs.empty()) return {};
  std::map<std::string, std::optional<double>> before;
  if (against != nullptr) {
    for (const Fields& row : against->rows("outputs")) {
      before[row.text("name")] = output_sqnr_db(row);
    }
  }
  HtmlTable table("id=\"outputs\"", "Error of the outputs", columns_of(against != nullptr));
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Fields& row = outputs[i];
    const auto sqnr = output_sqnr_db(row);
    std::vector<std::string> cells = {
        html_text(row.text("name")) + remarks_of(row), bar(sqnr) + decibel_text(sqnr),
        decibel_text(row.number("sqnr_bound_db")),     figure_text(row.number("cosine"), 7),
        figure_text(row.number("max_abs_error")),      agreement_of(row)};
    if (against != nullptr) {
      cells.insert(cells.begin() + 2, decibel_text(before[row.text("name")]));
    }
    table.add(cells, fmt::format("data-o=\"{}\"", i));
  }
  return fmt::format(
      "<section id=\"out\" aria-labelledby=\"h-out\"><h2 id=\"h-out\">Outputs, float against {} "
      "<span class=\"count\">{}</span></h2>\n{}<div id=\"scatter\"></div></section>\n",
      run.has("layers") ? "analog" : "int8", outputs.size(), table.html());
}

Json output_data(const Fields& run) {
  Json rows = Json::array();
  for (const Fields& row : run.rows("output_values")) {
    Json real = Json::array();
    Json restored = Json::array();
    for (const double value : row.numbers("float")) real.push_back(short_number(value, 5));
    for (const double value : row.numbers("int8")) restored.push_back(short_number(value, 5));
    rows.push_back(
        {{"n", printable(row.text("name"))}, {"f", std::move(real)}, {"q", std::move(restored)}});
  }
  return rows;
}

}  // namespace rangefinder::report
