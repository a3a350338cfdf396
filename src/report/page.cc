#include "report/page.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "base/printable.h"
#include "base/version.h"
#include "report/fields.h"
#include "report/html.h"
#include "report/page_against.h"
#include "report/page_analog.h"
#include "report/page_assets.h"
#include "report/page_nodes.h"
#include "report/page_outputs.h"
#include "report/page_overview.h"
#include "report/page_tensors.h"
#include "report/page_times.h"

// The page is made twice over: as tables and words in HTML, which need nothing, and as data for the
// script (page/page.js), which sorts and filters the tables and draws what a reader opens. Sections
// stand in the order of a reader's questions: is it good, what was done, where is it bad, why.

namespace rangefinder::report {
namespace {

using Json = nlohmann::ordered_json;

/// A run with its tensors.
struct Content {
  /// `is_shown`: of the other run, to compare with, only the distributions are.
  Content(const PageRun& page_run, bool is_shown) : run(page_run), fields(run.document) {
    tensors = run.kind == PageKind::kStatistics && run.statistics != nullptr
                  ? tensors_of(*run.statistics)
                  : tensors_of(fields);
    if (run.statistics != nullptr) {
      add_charts(*run.statistics, fields.text("target"), is_shown, tensors);
    }
  }

  const PageRun& run;
  Fields fields;
  std::vector<PageTensor> tensors = {};
};

/// Fills each {{name}} of the template, once: what is put in is not looked at again.
std::string filled(std::string_view text,
                   const std::vector<std::pair<std::string_view, std::string_view>>& parts) {
  std::string result;
  for (;;) {
    const size_t begin = text.find("{{");
    const size_t end = text.find("}}", begin);
    if (begin == std::string_view::npos || end == std::string_view::npos) break;
    result += text.substr(0, begin);
    const auto name = text.substr(begin + 2, end - begin - 2);
    for (const auto& [key, part] : parts) {
      if (key == name) result += part;
    }
    text.remove_prefix(end + 2);
  }
  return result.append(text);
}

std::string heading_of(const Content& content) {
  const Fields& fields = content.fields;
  std::string line;
  auto out = std::back_inserter(line);
  const auto add = [&](const char* what, const std::string& value) {
    if (!value.empty()) {
      fmt::format_to(out, "{}{} <b>{}</b>", line.empty() ? "" : " · ", what, html_text(value));
    }
  };
  add("method", fields.text("method"));
  add("target", fields.text("target"));
  add("effort", fields.text("effort"));
  add("written to", fields.text("output"));
  add("type", fields.text("type"));
  const std::string model = fields.text("model");
  return fmt::format("<h1>{}</h1>\n<p class=\"quiet\">{}</p>",
                     html_text(model.empty() ? content.run.name : model),
                     line.empty() ? name_of(content.run.kind) : line);
}

std::string tensors_section(const Content& content, const Content* against) {
  if (content.tensors.empty()) return {};
  std::string note;
  if (content.run.statistics == nullptr) {
    note =
        "<p class=\"quiet\" id=\"no-statistics\">Distributions are not on this page: they are in "
        "the statistics of the run. <code>rangefinder report SUMMARY.json --statistics FILE.rfs"
        "</code> adds them.</p>";
  } else if (content.run.kind == PageKind::kStatistics) {
    note =
        "<p class=\"quiet\">These are statistics alone: no ranges were chosen. What methods would "
        "choose is told for unsigned 8-bit codes, as ONNX Runtime uses them.</p>";
  }
  return fmt::format(
      "<section id=\"tensor-list\" aria-labelledby=\"h-tensors\"><h2 id=\"h-tensors\">Tensors "
      "<span "
      "class=\"count\">{}</span></h2>\n{}<div id=\"tools\"></div>{}</section>\n",
      content.tensors.size(), note,
      tensor_table(content.tensors, against == nullptr ? nullptr : &against->tensors));
}

std::string body_of(const Content& content, const Content* against) {
  const Fields& run = content.fields;
  const Fields* before = against == nullptr ? nullptr : &against->fields;
  std::string body = verdict_section(run) + facts_section(run) + time_line(run);
  if (against != nullptr) {
    body += changes_section(run, *before, content.tensors, against->tensors, content.run.name,
                            against->run.name);
  }
  body += data_checks_section(run);
  if (content.run.kind == PageKind::kRanges || content.run.kind == PageKind::kAnalogComparison) {
    body += outputs_section(run, before) + layers_section(run, before) + types_section(run) +
            digital_section(run);
    return body + notes_section(run);
  }
  body += outputs_section(run, before) + error_sources_section(run);
  if (!content.tensors.empty() || has_node_times(run)) {
    body += "<section id=\"strip\" hidden></section>\n";
  }
  body += tensors_section(content, against);
  if (content.run.kind != PageKind::kStatistics) body += nodes_section(run, before);
  return body + float_nodes_section(run) + refinement_section(run) + notes_section(run);
}

Json data_of(const Content& content, const Content* against) {
  return {
      {"kind", static_cast<int>(content.run.kind)},
      {"statistics", content.run.statistics != nullptr},
      {"against", against == nullptr ? Json(nullptr) : Json(printable(against->run.name))},
      {"tensors", tensor_data(content.tensors, against == nullptr ? nullptr : &against->tensors)},
      {"nodes",
       node_data(content.fields, content.tensors, against == nullptr ? nullptr : &against->fields)},
      {"outputs", output_data(content.fields)}};
}

}  // namespace

std::string name_of(PageKind kind) {
  switch (kind) {
    case PageKind::kSummary:
      return "a summary";
    case PageKind::kComparison:
      return "a comparison";
    case PageKind::kStatistics:
      return "statistics";
    case PageKind::kRanges:
      return "input ranges of analog layers";
    case PageKind::kAnalogComparison:
      return "a comparison of analog layers";
  }
  throw std::invalid_argument("no kind of page");
}

PageKind kind_of(const Json& document) {
  const auto has = [&](const char* key) { return document.is_object() && document.contains(key); };
  if (has("schema_version") && has("tensors")) return PageKind::kSummary;
  if (has("layers") && has("types")) return PageKind::kAnalogComparison;
  if (has("layers")) return PageKind::kRanges;
  if (has("outputs") && has("integer_nodes")) return PageKind::kComparison;
  throw std::invalid_argument(
      "is neither a summary (of quantize or solve), what 'compare --json' or 'analog compare "
      "--json' prints, nor a file of input ranges");
}

std::string page_of(const PageRun& run, const PageRun* against) {
  if (against != nullptr && against->kind != run.kind) {
    throw std::invalid_argument(fmt::format("{} is {}, and {} is {}: only runs of one kind compare",
                                            run.name, name_of(run.kind), against->name,
                                            name_of(against->kind)));
  }
  const Content content(run, true);
  std::optional<Content> before;
  if (against != nullptr) before.emplace(*against, false);
  const Content* other = before ? &*before : nullptr;
  const std::string model = content.fields.text("model");
  const std::string title = html_text(model.empty() ? run.name : model);
  const std::string heading = heading_of(content);
  const std::string body = body_of(content, other);
  const std::string data = script_json(data_of(content, other));
  return filled(kPageTemplate, {{"title", title},
                                {"style", kPageStyle},
                                {"heading", heading},
                                {"body", body},
                                {"version", kVersion},
                                {"data", data},
                                {"script", kPageScript}});
}

}  // namespace rangefinder::report
