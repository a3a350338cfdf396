#include "report/page_times.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "report/html.h"

namespace rangefinder::report {
namespace {

/// What is named in a sentence.
constexpr size_t kMostNamed = 3;
/// What a profiler of whole microseconds and a machine that does other things, too, leave open: a
/// node is slower if it takes so much longer, and that is so much of all kernels' time.
constexpr double kSlowerBy = 1.1;
constexpr double kSlowerShare = 0.005;

/// A node that tells a time.
struct TimedNode {
  std::string name;
  std::string op_type;
  std::string kernel;
  std::optional<double> float_us;
  std::optional<double> int8_us;
  /// Its place among all nodes of the run.
  size_t place = 0;
  /// Nodes whose time is in its own.
  std::vector<std::string> others = {};

  double lost() const { return float_us && int8_us ? *int8_us - *float_us : 0; }
};

std::vector<TimedNode> timed_nodes(const Fields& run) {
  std::vector<TimedNode> nodes;
  std::unordered_map<std::string, std::vector<std::string>> others;
  size_t place = 0;
  for (const Fields& row : run.rows("nodes")) {
    TimedNode node{row.text("name"),       row.text("op_type"),   row.text("kernel"),
                   row.number("float_us"), row.number("int8_us"), place++};
    if (row.has("timed_with")) others[row.text("timed_with")].push_back(node.name);
    if (node.float_us || node.int8_us) nodes.push_back(std::move(node));
  }
  for (auto& node : nodes) {
    const auto found = others.find(node.name);
    if (found != others.end()) node.others = found->second;
  }
  return nodes;
}

std::string microseconds_text(double us) {
  return us < 0 ? "−" + duration_text(-us * 1e-6) : duration_text(us * 1e-6);
}

/// Microseconds of a column whose title says so.
std::string us_cell(std::optional<double> us) {
  return us ? fmt::format("{:.{}f}", *us, *us < 100 ? 1 : 0) : "–";
}

/// Those that are first by `rank`.
std::vector<TimedNode> first_few(std::vector<TimedNode> nodes,
                                 const std::function<double(const TimedNode&)>& rank) {
  std::ranges::stable_sort(nodes, std::greater(), rank);
  nodes.resize(std::min(nodes.size(), kMostNamed));
  return nodes;
}

/// Each by its name, its operator and `more`, joined.
std::string told(const std::vector<TimedNode>& nodes,
                 const std::function<std::string(const TimedNode&)>& more) {
  std::string text;
  for (const auto& node : nodes) {
    text += fmt::format("{}<b>{}</b> ({}) {}", text.empty() ? "" : ", ", html_text(node.name),
                        html_text(node.op_type), more(node));
  }
  return text;
}

std::string more_than_named(size_t count) {
  return count > kMostNamed ? fmt::format(" and {} more", count - kMostNamed) : "";
}

std::string costly_text(const std::vector<TimedNode>& nodes, double all_us) {
  const auto cost = [](const TimedNode& node) { return node.int8_us.value_or(0); };
  return "Most of the int8 model's time takes " +
         told(first_few(nodes, cost), [&](const TimedNode& node) {
           return fmt::format("{}, {:.0f}&nbsp;%", microseconds_text(cost(node)),
                              100 * cost(node) / all_us);
         });
}

std::string slower_text(const std::vector<TimedNode>& nodes, double all_us) {
  std::vector<TimedNode> slower;
  std::ranges::copy_if(nodes, std::back_inserter(slower), [&](const TimedNode& node) {
    return node.float_us && node.int8_us && *node.int8_us > kSlowerBy * *node.float_us &&
           node.lost() > kSlowerShare * all_us;
  });
  if (slower.empty()) return "No node is noticeably slower in int8 than in float";
  return "Slower in int8 than in float: " +
         told(first_few(slower, &TimedNode::lost),
              [](const TimedNode& node) {
                return fmt::format("{} instead of {}", microseconds_text(*node.int8_us),
                                   microseconds_text(*node.float_us));
              }) +
         more_than_named(slower.size());
}

/// Of both models, in microseconds.
struct Sum {
  double float_us = 0;
  double int8_us = 0;

  void add(std::optional<double> in_float, std::optional<double> in_int8) {
    float_us += in_float.value_or(0);
    int8_us += in_int8.value_or(0);
  }
};

std::optional<Sum> latency_of(const Fields& run) {
  const auto latency = run.object("latency");
  if (!latency) return std::nullopt;
  const bool is_summary = latency->has("float_us");
  const auto in_float = latency->number(is_summary ? "float_us" : "float_seconds");
  const auto in_int8 = latency->number(is_summary ? "int8_us" : "quantized_seconds");
  if (!in_float || !in_int8) return std::nullopt;
  const double unit = is_summary ? 1 : 1e6;
  return Sum{*in_float * unit, *in_int8 * unit};
}

void add_sum(const std::string& what, const Sum& sum, HtmlTable& table) {
  const std::array<std::string, 3> cells = {what, microseconds_text(sum.float_us),
                                            microseconds_text(sum.int8_us)};
  table.add(cells);
}

/// "2 + 5 QuantizeLinear": kernels of the float model and of the quantized one.
std::string kernels_text(const Fields& row) {
  const double in_float = row.number("float_kernels").value_or(0);
  const double in_int8 = row.number("int8_kernels").value_or(0);
  return fmt::format("{} {:.0f}&nbsp;/&nbsp;{:.0f}", html_text(row.text("op_type")), in_float,
                     in_int8);
}

std::string sums_table(const Fields& run, const Fields& times,
                       const std::vector<TimedNode>& nodes) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kKinds = {
      {{"codes", "Between floats and codes"},
       {"layout", "From one layout to another"},
       {"node", "Other nodes"}}};
  HtmlTable table("id=\"time-sums\"", "Where the time goes",
                  {{"What"}, {"Float", true}, {"Int8", true}});
  Sum told;
  for (const auto& node : nodes) told.add(node.float_us, node.int8_us);
  add_sum("Nodes of the list below", told, table);
  for (const auto& [kind, title] : kKinds) {
    Sum sum;
    std::string kernels;
    for (const Fields& row : times.rows("others")) {
      if (row.text("kind") != kind) continue;
      sum.add(row.number("float_us"), row.number("int8_us"));
      kernels += (kernels.empty() ? "" : ", ") + kernels_text(row);
    }
    if (kernels.empty()) continue;
    add_sum(fmt::format("{} <span class=\"quiet\">{}</span>", title, kernels), sum, table);
  }
  const Sum all{times.number("float_us").value_or(0), times.number("int8_us").value_or(0)};
  add_sum("All kernels", all, table);
  if (const auto latency = latency_of(run)) {
    add_sum("The rest: between kernels; below zero, the profiler's own time",
            {latency->float_us - all.float_us, latency->int8_us - all.int8_us}, table);
    add_sum("Latency, as measured without the profiler", *latency, table);
  }
  return table.html();
}

std::string name_cell(const TimedNode& node) {
  std::string text = html_text(node.name);
  if (node.others.empty()) return text;
  text += " <span class=\"quiet\">with ";
  for (size_t i = 0; i < std::min(node.others.size(), kMostNamed); ++i) {
    text += (i == 0 ? "" : ", ") + html_text(node.others[i]);
  }
  return text + more_than_named(node.others.size()) + "</span>";
}

std::string ratio_cell(const TimedNode& node) {
  if (!node.float_us || !node.int8_us || !(*node.float_us > 0)) return "–";
  const double ratio = *node.int8_us / *node.float_us;
  return ratio > kSlowerBy ? fmt::format("<b class=\"changed\">{:.2f}</b>", ratio)
                           : fmt::format("{:.2f}", ratio);
}

std::string nodes_table(const std::vector<TimedNode>& nodes, double all_us, const Fields* before) {
  const bool has_before = before != nullptr && has_node_times(*before);
  const auto then = int8_times(has_before ? before : nullptr);
  std::vector<Column> columns = {
      {"Node", false, false, "n"},       {"Operator", false, true, "o"},
      {"Kernel", false, true, "k"},      {"Float µs", true, false, "f"},
      {"Int8 µs", true, false, "q"},     {"Int8 / float", true, false, "r"},
      {"Share of int8", true, true, "q"}};
  if (has_before) columns.insert(columns.begin() + 5, {"Int8 µs before", true, true, "bq"});
  HtmlTable table("id=\"nodes\"", "Time per node, in the order of the network", columns);
  for (const auto& node : nodes) {
    std::vector<std::string> cells = {
        name_cell(node),
        html_text(node.op_type),
        html_text(node.kernel),
        us_cell(node.float_us),
        us_cell(node.int8_us),
        ratio_cell(node),
        node.int8_us ? fmt::format("{:.1f} %", 100 * *node.int8_us / all_us) : "–"};
    if (has_before) {
      const auto found = then.find(node.name);
      cells.insert(cells.begin() + 5, us_cell(found == then.end() ? std::nullopt : found->second));
    }
    table.add(cells, fmt::format("data-i=\"{}\"", node.place));
  }
  return table.html();
}

/// Why a run tells no times; empty for what is none.
std::string missing_text(const Fields& run) {
  const bool is_comparison = run.has("outputs") && !run.has("schema_version");
  if (!run.has("nodes") && !is_comparison) return {};
  if (const auto target = run.text("reference"); !target.empty()) {
    return fmt::format("Not measured: the runtime of {} is not here", html_text(target));
  }
  if (is_comparison) return "Not measured: <code>compare --report</code> measures it";
  if (run.rows("outputs").empty()) {
    return "Not measured: no sample was run by both models, as <code>solve</code> runs none and "
           "<code>quantize --held-out 0</code> holds none out";
  }
  return "Not measured: <code>quantize --report</code> measures it";
}

std::string section_of(const std::string& text) {
  return "<section id=\"node-list\" aria-labelledby=\"h-nodes\"><h2 id=\"h-nodes\">Time per node" +
         text + "</section>\n";
}

}  // namespace

bool has_node_times(const Fields& run) { return run.has("node_times"); }

std::unordered_map<std::string, std::optional<double>> int8_times(const Fields* run) {
  std::unordered_map<std::string, std::optional<double>> times;
  if (run == nullptr) return times;
  for (const auto& node : timed_nodes(*run)) times[node.name] = node.int8_us;
  return times;
}

std::string time_line(const Fields& run) {
  const auto times = run.object("node_times");
  const auto nodes = timed_nodes(run);
  const double all_us = times ? times->number("int8_us").value_or(0) : 0;
  if (nodes.empty() || !(all_us > 0)) return {};
  return fmt::format(
      "<section id=\"time-line\" aria-label=\"Where the time goes\"><p>{}. {}. <a "
      "href=\"#node-list\">All nodes</a></p></section>\n",
      costly_text(nodes, all_us), slower_text(nodes, all_us));
}

std::string nodes_section(const Fields& run, const Fields* before) {
  const auto times = run.object("node_times");
  if (!times) {
    const std::string missing = missing_text(run);
    return missing.empty() ? missing : section_of("</h2>\n<p class=\"quiet\">" + missing + ".</p>");
  }
  const auto nodes = timed_nodes(run);
  return section_of(fmt::format(
      " <span class=\"count\">{}</span></h2>\n{}<p class=\"quiet\">By ONNX Runtime's "
      "profiler, which tells whole microseconds: the least of {:.0f} runs of one sample "
      "by each model in turn, on one thread. What one kernel computes of either model "
      "is told together, by the node with weights. Kernels without a node of this list "
      "are counted as float&nbsp;/&nbsp;int8.</p>\n{}",
      nodes.size(), sums_table(run, *times, nodes), times->number("runs").value_or(0),
      nodes_table(nodes, std::max(1e-9, times->number("int8_us").value_or(0)), before)));
}

}  // namespace rangefinder::report
