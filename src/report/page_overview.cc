#include "report/page_overview.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <optional>
#include <vector>

#include "report/html.h"
#include "report/page_outputs.h"

namespace rangefinder::report {
namespace {

/// A shape beside the word, so that no verdict is told by colour alone.
std::string_view mark_of(const std::string& level) {
  if (level == "good") return "<path d=\"M5 12.5l4.5 4.5L19 7.5\"/>";
  if (level == "fair") return "<path d=\"M12 6v8M12 18v.5\"/>";
  if (level == "poor") return "<path d=\"M7 7l10 10M17 7L7 17\"/>";
  return "<path d=\"M6 12h12\"/>";
}

std::string list_of(const std::vector<std::string>& texts) {
  std::string text;
  for (const auto& entry : texts) {
    fmt::format_to(std::back_inserter(text), "<li>{}</li>", html_text(entry));
  }
  return text.empty() ? text : "<ul>" + text + "</ul>";
}

std::string hints_of(const std::vector<std::string>& hints) {
  if (hints.empty()) return {};
  std::string text = "<p class=\"try\">Try</p>";
  for (const auto& hint : hints) {
    fmt::format_to(std::back_inserter(text), "<pre class=\"command\"><code>{}</code></pre>",
                   html_text(hint));
  }
  return text;
}

void add_fact(std::string_view what, const std::string& figure, const std::string& more,
              std::string& text) {
  fmt::format_to(std::back_inserter(text),
                 "<div class=\"fact\"><dt>{}</dt><dd><b>{}</b>{}</dd></div>\n", what, figure,
                 more.empty() ? "" : "<span>" + more + "</span>");
}

/// "3.9 times smaller", or the other way round.
std::string times(double before, double after, std::string_view less, std::string_view more) {
  if (!(before > 0) || !(after > 0)) return {};
  return after <= before ? fmt::format("{:.2f}&nbsp;×&nbsp;{}", before / after, less)
                         : fmt::format("{:.2f}&nbsp;×&nbsp;{}", after / before, more);
}

void add_worst_output(const Fields& run, std::string& text) {
  std::optional<double> worst;
  std::string name;
  for (const Fields& row : run.rows("outputs")) {
    const auto found = judged_sqnr_db(row);
    if (!found || (worst && *worst <= *found)) continue;
    worst = found;
    name = row.text("name");
  }
  if (!worst) return;
  add_fact("Worst output", decibel_text(worst) + (std::isinf(*worst) ? "" : " dB"),
           "signal over noise by which " + html_text(name) + " is judged", text);
}

void add_kernels(const Fields& run, std::string& text) {
  const auto integer = run.number("integer_nodes");
  const auto eligible = run.number("eligible_nodes");
  if (!integer || !eligible) return;
  const double share = *eligible > 0 ? *integer / *eligible : 0;
  add_fact("Integer kernels", fmt::format("{:.0f} of {:.0f}", *integer, *eligible),
           fmt::format("Conv, Gemm and MatMul nodes, {}<span class=\"bar\"><span "
                       "style=\"width:{:.0f}%\"></span></span>",
                       percent_text(share), share * 100),
           text);
}

void add_size(const Fields& run, std::string& text) {
  const auto before = run.number("float_bytes");
  const auto after = run.number("quantized_bytes");
  if (!before || !after) return;
  add_fact(
      "Size", bytes_text(*after),
      fmt::format("from {}, {}", bytes_text(*before), times(*before, *after, "smaller", "larger")),
      text);
}

void add_latency(const Fields& run, std::string& text) {
  const auto latency = run.object("latency");
  if (!latency) return;
  const bool is_summary = latency->has("float_us");
  const double unit = is_summary ? 1e-6 : 1;
  const auto before = latency->number(is_summary ? "float_us" : "float_seconds");
  const auto after = latency->number(is_summary ? "int8_us" : "quantized_seconds");
  if (!before || !after) return;
  add_fact("Latency", duration_text(*after * unit),
           fmt::format("from {}, {}; one sample on one thread", duration_text(*before * unit),
                       times(*before, *after, "faster", "slower")),
           text);
}

void add_samples(const Fields& run, std::string& text) {
  const auto samples = run.number("samples");
  if (!samples) return;
  const auto held_out = run.number("held_out_samples");
  add_fact("Samples", fmt::format("{:.0f}", *samples),
           held_out             ? fmt::format("calibrated on; {:.0f} held out to judge", *held_out)
           : run.has("outputs") ? "compared"
                                : "observed",
           text);
}

void add_time(const Fields& run, std::string& text) {
  const auto seconds = run.object("seconds");
  if (!seconds) return;
  double total = 0;
  std::string steps;
  for (const char* step : {"prepare", "observe", "solve", "choose", "export", "verify"}) {
    const double taken = seconds->number(step).value_or(0);
    total += taken;
    if (taken < 0.005) continue;
    fmt::format_to(std::back_inserter(steps), "{}{} {}", steps.empty() ? "" : ", ", step,
                   duration_text(taken));
  }
  const auto memory = run.number("peak_memory_bytes").value_or(0);
  if (memory > 0) steps += fmt::format("; {} of memory at most", bytes_text(memory));
  add_fact("Time to quantize", duration_text(total), steps, text);
}

/// What the choice of float parts came to.
std::string choice_text(const Fields& choice) {
  std::string text =
      fmt::format("{:.0f} of {:.0f} parts were left float",
                  choice.number("float_parts").value_or(0), choice.number("parts").value_or(0));
  if (const auto aim = choice.number("aim_db")) {
    text += fmt::format(": {} dB wanted, {} with everything in integers, {} as written",
                        decibel_text(aim), decibel_text(choice.number("integer_db")),
                        decibel_text(choice.number("reached_db")));
  }
  if (choice.has("float_metric")) {
    text += fmt::format("; your metric: {} in float, {} in integers, {} as written",
                        figure_text(choice.number("float_metric"), 6),
                        figure_text(choice.number("integer_metric"), 6),
                        figure_text(choice.number("reached_metric"), 6));
  }
  for (const Fields& timed : choice.rows("timed")) {
    text += fmt::format("; {} takes {}", html_text(timed.text("model")),
                        duration_text(timed.number("seconds").value_or(0)));
  }
  return text;
}

std::string biases_text(const Fields& summary) {
  double channels = 0;
  double corrected = 0;
  for (const Fields& row : summary.rows("bias_corrections")) {
    channels += row.number("channels").value_or(0);
    corrected += row.number("corrected_channels").value_or(0);
  }
  if (channels == 0) return {};
  return fmt::format("Biases of {:.0f} of {:.0f} output channels were corrected.", corrected,
                     channels);
}

std::string smoothing_table(const Fields& summary) {
  HtmlTable table("", "Scaled channels",
                  {{"Made by"}, {"Scaled"}, {"Strength", true}, {"Gain dB", true}, {"Why not"}});
  for (const Fields& row : summary.rows("smoothings")) {
    const std::array<std::string, 5> cells = {
        html_text(row.text("norm")), row.flag("smoothed") ? "yes" : "no",
        figure_text(row.number("alpha")), decibel_text(row.number("gain_db")),
        html_text(row.text("reason"))};
    table.add(cells);
  }
  return table.size() == 0 ? std::string() : table.html();
}

std::string stored_table(const Fields& summary) {
  HtmlTable table("", "Embeddings and recurrent nodes",
                  {{"What"}, {"Kind"}, {"SQNR dB", true}, {"Why float"}});
  const auto add = [&](const Fields& row, const char* kind) {
    const std::array<std::string, 4> cells = {html_text(row.text("name")), kind,
                                              decibel_text(row.number("sqnr_db")),
                                              html_text(row.text("reason"))};
    table.add(cells);
  };
  for (const Fields& row : summary.rows("lookup_tables")) add(row, "embedding");
  for (const Fields& row : summary.rows("lstms")) add(row, "LSTM");
  return table.size() == 0 ? std::string() : table.html();
}

}  // namespace

std::string verdict_section(const Fields& summary) {
  const auto verdict = summary.object("verdict");
  if (!verdict) return {};
  const std::string level = verdict->text("level");
  const bool is_known = level == "good" || level == "fair" || level == "poor";
  std::string word = is_known ? level : "not judged";
  word[0] = static_cast<char>(word[0] - 'a' + 'A');
  return fmt::format(
      "<section class=\"verdict {}\" aria-labelledby=\"h-verdict\"><h2 id=\"h-verdict\">"
      "<svg class=\"mark\" viewBox=\"0 0 24 24\" aria-hidden=\"true\">{}</svg>"
      "<span class=\"sr\">Verdict: </span>{}</h2>\n<div>{}{}</div></section>\n",
      is_known ? level : "none", mark_of(level), word, list_of(verdict->texts("reasons")),
      hints_of(verdict->texts("hints")));
}

std::string facts_section(const Fields& run) {
  std::string facts;
  add_worst_output(run, facts);
  add_kernels(run, facts);
  add_size(run, facts);
  add_latency(run, facts);
  add_samples(run, facts);
  add_time(run, facts);
  if (facts.empty()) return {};
  return "<section aria-label=\"Figures\"><dl class=\"facts\">\n" + facts + "</dl></section>\n";
}

std::string data_checks_section(const Fields& summary) {
  std::string items;
  for (const Fields& row : summary.rows("data_checks")) {
    fmt::format_to(std::back_inserter(items), "<li{}><b>{}</b> {}</li>\n",
                   row.flag("is_grave") ? " class=\"grave\"" : "",
                   row.flag("is_grave") ? "Grave:" : "Note:", html_text(row.text("message")));
  }
  if (items.empty()) return {};
  return "<section id=\"data-checks\" aria-labelledby=\"h-checks\"><h2 id=\"h-checks\">What the "
         "samples show</h2>\n<ul class=\"checks\">" +
         items + "</ul></section>\n";
}

std::string refinement_section(const Fields& summary) {
  std::string text;
  if (const auto choice = summary.object("choice")) text += "<p>" + choice_text(*choice) + ".</p>";
  if (const auto biases = biases_text(summary); !biases.empty()) text += "<p>" + biases + "</p>";
  if (const auto raised = summary.number("raised_channels").value_or(0); raised > 0) {
    text += fmt::format(
        "<p>The scale of {:.0f} weight channels was raised for 16-bit accumulators.</p>", raised);
  }
  text += smoothing_table(summary) + stored_table(summary);
  if (text.empty()) return {};
  return "<section aria-labelledby=\"h-refined\"><h2 id=\"h-refined\">What was done for accuracy "
         "and speed</h2>\n" +
         text + "</section>\n";
}

std::string notes_section(const Fields& run) {
  std::string items;
  auto out = std::back_inserter(items);
  for (const auto& note : run.texts("notes")) {
    fmt::format_to(out, "<li>{}</li>\n", html_text(note));
  }
  for (const Fields& row : run.rows("left_out_samples")) {
    fmt::format_to(out, "<li>Sample {} was left out: {}</li>\n", html_text(row.text("name")),
                   html_text(row.text("reason")));
  }
  if (items.empty()) return {};
  return "<section aria-labelledby=\"h-notes\"><h2 id=\"h-notes\">Notes</h2>\n<ul>" + items +
         "</ul></section>\n";
}

}  // namespace rangefinder::report
