#include "report/page_against.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>
#include <set>
#include <unordered_map>

#include "report/html.h"
#include "report/page_outputs.h"

namespace rangefinder::report {
namespace {

/// Tensors that are named one by one; all of them are in the table below.
constexpr size_t kMostMoved = 12;

void add_row(std::string_view what, const std::string& before, const std::string& after,
             HtmlTable& table) {
  if (before.empty() && after.empty()) return;
  const std::array<std::string, 3> cells = {
      std::string(what), before,
      before == after ? after : fmt::format("<b class=\"changed\">{}</b>", after)};
  table.add(cells);
}

std::string level_of(const Fields& run) {
  const auto verdict = run.object("verdict");
  return verdict ? html_text(verdict->text("level")) : "";
}

std::string worst_of(const Fields& run) {
  std::optional<double> worst;
  for (const Fields& row : run.rows("outputs")) {
    const auto found = judged_sqnr_db(row);
    if (found && (!worst || *found < *worst)) worst = found;
  }
  return worst ? decibel_text(worst) + " dB" : "";
}

std::string kernels_of(const Fields& run) {
  if (!run.has("integer_nodes")) return {};
  return fmt::format("{:.0f} of {:.0f}", run.number("integer_nodes").value_or(0),
                     run.number("eligible_nodes").value_or(0));
}

std::string latency_of(const Fields& run) {
  const auto latency = run.object("latency");
  if (!latency) return {};
  if (latency->has("int8_us")) return duration_text(*latency->number("int8_us") * 1e-6);
  return duration_text(latency->number("quantized_seconds").value_or(0));
}

std::string size_of(const Fields& run) {
  return run.has("quantized_bytes") ? bytes_text(*run.number("quantized_bytes")) : "";
}

std::string samples_of(const Fields& run) {
  return run.has("samples") ? figure_text(run.number("samples"), 9) : "";
}

std::string figures_table(const Fields& run, const Fields& before, const std::string& name,
                          const std::string& before_name) {
  HtmlTable table("id=\"changes\"", "Both runs", {{"Figure"}, {"Before"}, {"Now"}});
  add_row("File", html_text(before_name), html_text(name), table);
  add_row("Verdict", level_of(before), level_of(run), table);
  add_row("Worst output", worst_of(before), worst_of(run), table);
  add_row("Integer kernels", kernels_of(before), kernels_of(run), table);
  add_row("Latency", latency_of(before), latency_of(run), table);
  add_row("Size", size_of(before), size_of(run), table);
  for (const char* key : {"method", "effort", "target", "version"}) {
    std::string title = key;
    title[0] = static_cast<char>(title[0] - 'a' + 'A');
    add_row(title, html_text(before.text(key)), html_text(run.text(key)), table);
  }
  add_row("Samples", samples_of(before), samples_of(run), table);
  return table.html();
}

std::map<std::string, std::string> float_nodes_of(const Fields& run) {
  std::map<std::string, std::string> nodes;
  for (const Fields& row : run.rows("float_nodes")) nodes[row.text("name")] = row.text("reason");
  return nodes;
}

std::string float_changes(const Fields& run, const Fields& before) {
  const auto now = float_nodes_of(run);
  const auto then = float_nodes_of(before);
  HtmlTable table("", "Nodes that changed", {{"Node"}, {"Became"}, {"Why float"}});
  for (const auto& [name, reason] : now) {
    if (then.contains(name)) continue;
    table.add(std::array<std::string, 3>{html_text(name), "float", html_text(reason)});
  }
  for (const auto& [name, reason] : then) {
    if (now.contains(name)) continue;
    table.add(std::array<std::string, 3>{html_text(name), "integer", "was: " + html_text(reason)});
  }
  if (table.size() == 0) return "<p>The same nodes are float in both.</p>\n";
  return table.html();
}

/// A tensor in both runs, and by how much it moved.
struct Moved {
  const PageTensor* now;
  const PageTensor* before;
  double change;
};

double width_of(const PageTensor& tensor) {
  if (tensor.range_min) return *tensor.range_max - *tensor.range_min;
  return tensor.seen_max.value_or(0) - tensor.seen_min.value_or(0);
}

/// By the ratio of the ranges' widths, as octaves.
double change_of(const PageTensor& now, const PageTensor& before) {
  const double a = width_of(now);
  const double b = width_of(before);
  if (!(a > 0) || !(b > 0)) return a == b ? 0 : INFINITY;
  return std::abs(std::log2(a / b));
}

std::string interval_of(const PageTensor& tensor) {
  const auto lower = tensor.range_min ? tensor.range_min : tensor.seen_min;
  const auto upper = tensor.range_min ? tensor.range_max : tensor.seen_max;
  return fmt::format("[{}, {}]", figure_text(lower), figure_text(upper));
}

std::vector<Moved> moved_tensors(const std::vector<PageTensor>& tensors,
                                 const std::vector<PageTensor>& before) {
  std::unordered_map<std::string, const PageTensor*> names;
  for (const auto& tensor : before) names[tensor.name] = &tensor;
  std::vector<Moved> moved;
  for (const auto& tensor : tensors) {
    const auto found = names.find(tensor.name);
    if (found == names.end() || tensor.shares()) continue;
    const double change = change_of(tensor, *found->second);
    if (change > 0.01) moved.push_back({&tensor, found->second, change});
  }
  std::ranges::stable_sort(moved, std::greater(), &Moved::change);
  return moved;
}

std::string moved_table(const std::vector<PageTensor>& tensors,
                        const std::vector<PageTensor>& before) {
  const auto moved = moved_tensors(tensors, before);
  if (moved.empty()) return "<p>No range changed by more than one percent.</p>\n";
  HtmlTable table("", "Ranges that changed most",
                  {{"Tensor"},
                   {"Range before", true},
                   {"Range now", true},
                   {"SQNR before", true, true},
                   {"SQNR now", true, true}});
  for (size_t i = 0; i < std::min(moved.size(), kMostMoved); ++i) {
    const std::array<std::string, 5> cells = {
        html_text(moved[i].now->name), interval_of(*moved[i].before), interval_of(*moved[i].now),
        decibel_text(moved[i].before->sqnr_db), decibel_text(moved[i].now->sqnr_db)};
    table.add(cells);
  }
  return fmt::format("<h3>Ranges that changed most <span class=\"count\">{} of {}</span></h3>\n",
                     table.size(), moved.size()) +
         table.html();
}

}  // namespace

std::string changes_section(const Fields& run, const Fields& before,
                            const std::vector<PageTensor>& tensors,
                            const std::vector<PageTensor>& tensors_before, const std::string& name,
                            const std::string& before_name) {
  std::string text = figures_table(run, before, name, before_name);
  if (run.has("float_nodes") && before.has("float_nodes")) {
    text += "<h3>Float and integer nodes</h3>\n" + float_changes(run, before);
  }
  if (!tensors.empty() && !tensors_before.empty()) text += moved_table(tensors, tensors_before);
  return "<section id=\"against\" aria-labelledby=\"h-against\"><h2 id=\"h-against\">What changed"
         "</h2>\n" +
         text + "</section>\n";
}

}  // namespace rangefinder::report
