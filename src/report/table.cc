#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iterator>

#include "base/printable.h"
#include "report/short_name.h"
#include "report/summary.h"

namespace rangefinder::report {
namespace {

/// Tensors that a person is shown; all of them are in the JSON.
constexpr size_t kTensorRowLimit = 8;
constexpr size_t kFloatNodeLimit = 8;
constexpr size_t kLeftOutLimit = 8;
constexpr size_t kReasonWidth = 90;
constexpr size_t kNameWidth = 40;

std::string shortened(const std::string& foreign) { return short_name(foreign, kNameWidth); }

std::string decibels(std::optional<double> value) {
  if (!value || std::isnan(*value)) return "-";
  return std::isinf(*value) ? "exact" : fmt::format("{:.1f}", *value);
}

std::string mebibytes(uint64_t bytes) {
  return fmt::format("{:.2f} MiB", static_cast<double>(bytes) / (1 << 20));
}

void add_worst_tensors(const Summary& summary, std::string& text) {
  std::vector<const TensorRow*> rows;
  for (const auto& tensor : summary.tensors) {
    if (tensor.root == tensor.name && tensor.count > 0) rows.push_back(&tensor);
  }
  if (rows.empty()) return;
  const auto loss = [](const TensorRow* row) { return row->sqnr_db.value_or(INFINITY); };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const auto* a, const auto* b) { return loss(a) < loss(b); });
  auto out = std::back_inserter(text);
  fmt::format_to(out, "\n{:<{}} {:>23} {:>11} {:>6} {:>9} {:>8}\n",
                 fmt::format("tensors ({} of {}, worst first)",
                             std::min(rows.size(), kTensorRowLimit), rows.size()),
                 kNameWidth, "range", "scale", "zero", "clipped", "SQNR dB");
  for (size_t i = 0; i < std::min(rows.size(), kTensorRowLimit); ++i) {
    const TensorRow& row = *rows[i];
    fmt::format_to(out, "{:<{}} {:>23} {:>11.5g} {:>6} {:>8.3f}% {:>8}\n", shortened(row.name),
                   kNameWidth, fmt::format("[{:.4g}, {:.4g}]", row.range_min, row.range_max),
                   row.scale, row.offset, row.clipped_share * 100, decibels(row.sqnr_db));
  }
}

void add_float_nodes(const Summary& summary, std::string& text) {
  if (summary.float_nodes.empty()) return;
  auto out = std::back_inserter(text);
  fmt::format_to(out, "\nnodes that stay float\n");
  for (size_t i = 0; i < std::min(summary.float_nodes.size(), kFloatNodeLimit); ++i) {
    const auto& node = summary.float_nodes[i];
    fmt::format_to(out, "{:<{}} {}: {}\n", shortened(node.name), kNameWidth,
                   printable(node.op_type), printable(node.reason));
  }
  if (summary.float_nodes.size() > kFloatNodeLimit) {
    fmt::format_to(out, "... and {} more (see --summary)\n",
                   summary.float_nodes.size() - kFloatNodeLimit);
  }
}

void add_corrections(const Summary& summary, std::string& text) {
  size_t channels = 0;
  size_t corrected = 0;
  for (const auto& row : summary.bias_corrections) {
    channels += row.channel_count;
    corrected += row.corrected_count;
  }
  if (corrected == 0) return;
  fmt::format_to(std::back_inserter(text), "biases    {} of {} output channels corrected\n",
                 corrected, channels);
}

std::string aim_of(const ChoiceRow& choice) {
  if (choice.aim_db) {
    return fmt::format(": {} dB wanted, {} in integers, {} so", decibels(choice.aim_db),
                       decibels(choice.integer_db), decibels(choice.reached_db));
  }
  if (choice.float_metric && choice.integer_metric && choice.reached_metric) {
    return fmt::format(": metric {:.6g} in float, {:.6g} in integers, {:.6g} so",
                       *choice.float_metric, *choice.integer_metric, *choice.reached_metric);
  }
  return "";
}

void add_choice(const Summary& summary, std::string& text) {
  if (!summary.choice) return;
  const ChoiceRow& choice = *summary.choice;
  auto out = std::back_inserter(text);
  fmt::format_to(out, "choice    {} of {} parts float{}\n", choice.float_count, choice.part_count,
                 aim_of(choice));
  for (const TimedRow& timed : choice.timed) {
    fmt::format_to(out, "          {:.3f} ms {} ({} parts float)\n", timed.seconds * 1e3,
                   timed.model, timed.float_count);
  }
  if (choice.written != "quantized") {
    fmt::format_to(out, "          written is the {} model\n", choice.written);
  }
}

void add_smoothings(const Summary& summary, bool are_norms, std::string& text) {
  size_t all = 0;
  size_t smoothed = 0;
  size_t added = 0;
  for (const auto& row : summary.smoothings) {
    if (row.is_norm != are_norms) continue;
    ++all;
    smoothed += row.is_smoothed;
    added += row.adds_node;
  }
  if (smoothed == 0) return;
  auto out = std::back_inserter(text);
  if (are_norms) {
    fmt::format_to(out, "norms     {} of {} smoothed", smoothed, all);
  } else {
    fmt::format_to(out, "channels  scaled at {} of {} places between convolutions", smoothed, all);
  }
  if (added > 0) fmt::format_to(out, ", {} by a Mul of its own", added);
  text += '\n';
}

void add_tables(const std::vector<LookupTableRow>& tables, std::string& text) {
  auto out = std::back_inserter(text);
  for (const auto& table : tables) {
    fmt::format_to(out, "table     {} of {} x {} values ", shortened(table.name), table.row_count,
                   table.column_count);
    if (table.reason.empty()) {
      fmt::format_to(out, "is int8, {} dB\n", decibels(table.sqnr_db));
    } else {
      fmt::format_to(out, "stays float: {}\n", printable(table.reason));
    }
  }
}

void add_lstms(const std::vector<LstmRow>& lstms, std::string& text) {
  auto out = std::back_inserter(text);
  for (const auto& lstm : lstms) {
    if (lstm.reason.empty()) {
      fmt::format_to(out, "lstm      {} has int8 weights, {} dB\n", shortened(lstm.name),
                     decibels(lstm.sqnr_db));
    } else {
      fmt::format_to(out, "lstm      {} stays float: {}\n", shortened(lstm.name),
                     printable(lstm.reason));
    }
  }
}

/// "-" for a figure that there is none of.
std::string figure(const char* format, double value) {
  return std::isnan(value) ? "-" : fmt::format(fmt::runtime(format), value);
}

/// What the figures of an output do not tell.
void add_remarks(const OutputRow& row, std::string& text) {
  auto out = std::back_inserter(text);
  if (!row.reason.empty()) fmt::format_to(out, "  not compared: {}\n", row.reason);
  if (row.reason.empty()) text += shape_remark(row);
  if (row.nonfinite_count > 0) {
    fmt::format_to(out, "  {} pairs of values left out, NaN or infinite in one of them\n",
                   row.nonfinite_count);
  }
  for (const auto& tensor : row.judged_at) {
    fmt::format_to(out, "  {} '{}': {} dB, {} at the least\n",
                   row.selected_by.empty() ? "part" : "judged by", printable(tensor.name),
                   decibels(tensor.sqnr_db), decibels(tensor.sqnr_bound_db));
  }
  if (row.same_top_share && *row.same_top_share < 1) {
    fmt::format_to(out, "  the largest of a row is the same in {:.2f}% of the rows\n",
                   *row.same_top_share * 100);
  }
  if (row.equal_share && *row.equal_share < 1) {
    fmt::format_to(out, "  {:.2f}% of the values are equal\n", *row.equal_share * 100);
  }
}

void add_left_out(const std::vector<LeftOutRow>& samples, std::string& text) {
  auto out = std::back_inserter(text);
  for (size_t i = 0; i < std::min(samples.size(), kLeftOutLimit); ++i) {
    fmt::format_to(out, "left out  {}: {}\n", samples[i].name, samples[i].reason);
  }
  if (samples.size() > kLeftOutLimit) {
    fmt::format_to(out, "... and {} samples more\n", samples.size() - kLeftOutLimit);
  }
}

/// Text with line breaks before words that would go beyond the width, and `indent` blanks behind
/// each.
std::string wrapped(const std::string& text, size_t indent) {
  std::string result;
  size_t column = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    const size_t length = end - begin;
    if (column > 0 && column + 1 + length > kReasonWidth) {
      result += "\n" + std::string(indent, ' ');
      column = 0;
    } else if (column > 0) {
      result += " ";
      ++column;
    }
    result += text.substr(begin, length);
    column += length;
    begin = end + 1;
  }
  return result;
}

void add_latency(const Summary& summary, std::string& text) {
  if (!summary.latency) return;
  const LatencyRow& latency = *summary.latency;
  fmt::format_to(std::back_inserter(text),
                 "latency   {:.3g} ms float, {:.3g} ms int8 ({:.2f}x) on one thread\n",
                 latency.float_us / 1e3, latency.int8_us / 1e3, latency.ratio());
}

/// The last thing that a reader sees, and the first that matters.
void add_verdict(const Summary& summary, std::string& text) {
  auto out = std::back_inserter(text);
  if (!summary.data_checks.empty()) text += "\n";
  for (const auto& check : summary.data_checks) {
    fmt::format_to(out, "data      {}\n", wrapped(printable(check.message), 10));
  }
  const Verdict& verdict = summary.verdict;
  if (!verdict.level && verdict.reasons.empty()) return;
  std::string level = verdict.level ? name_of(*verdict.level) : "none";
  std::ranges::transform(level, level.begin(), [](unsigned char c) { return std::toupper(c); });
  fmt::format_to(out, "\nVERDICT   {}\n", level);
  for (const auto& reason : verdict.reasons) {
    fmt::format_to(out, "        - {}\n", wrapped(reason, 10));
  }
  for (const auto& hint : verdict.hints) fmt::format_to(out, "try       {}\n", printable(hint));
}

}  // namespace

std::string shape_remark(const OutputRow& row) {
  if (row.shape_mismatch_count == 0) return "";
  return fmt::format("  another shape on {} of {} samples, compared on the others\n",
                     row.shape_mismatch_count, row.sample_count + row.shape_mismatch_count);
}

std::string outputs_table(const std::vector<OutputRow>& outputs,
                          const std::vector<LeftOutRow>& left_out) {
  std::string text;
  auto out = std::back_inserter(text);
  fmt::format_to(out, "{:<{}} {:>8} {:>10} {:>14}\n", "outputs", kNameWidth, "SQNR dB", "cosine",
                 "max abs error");
  for (const auto& row : outputs) {
    fmt::format_to(out, "{:<{}} {:>8} {:>10} {:>14}\n", shortened(row.name), kNameWidth,
                   decibels(row.sqnr_db), figure("{:.6f}", row.cosine),
                   figure("{:.6g}", row.max_abs_error));
    add_remarks(row, text);
  }
  add_left_out(left_out, text);
  return text;
}

std::string to_table(const Summary& summary) {
  std::string text;
  auto out = std::back_inserter(text);
  const auto& seconds = summary.seconds;
  // Nowhere, as long as nobody has saved it.
  const std::string arrow = summary.output.empty() ? "" : " -> ";
  fmt::format_to(out, "{}{}{}\n", printable(summary.model), arrow, printable(summary.output));
  fmt::format_to(out, "method {}, target {}, {} samples\n", summary.method, summary.target,
                 summary.sample_count);
  fmt::format_to(out, "size      {} -> {}\n", mebibytes(summary.float_bytes),
                 mebibytes(summary.quantized_bytes));
  fmt::format_to(out, "kernels   {} of {} Conv, Gemm and MatMul nodes {}\n", summary.integer_nodes,
                 summary.eligible_nodes,
                 summary.reference.empty()
                     ? "run in integers"
                     : "are written with codes; kernels and time are not measured here");
  add_choice(summary, text);
  add_corrections(summary, text);
  add_smoothings(summary, true, text);
  add_smoothings(summary, false, text);
  add_tables(summary.lookup_tables, text);
  add_lstms(summary.lstms, text);
  fmt::format_to(
      out,
      "time      {:.2f} s (prepare {:.2f}, observe {:.2f}, solve {:.2f}, export {:.2f}{}, verify "
      "{:.2f})\n",
      seconds.prepare + seconds.observe + seconds.solve + seconds.export_ + seconds.choose +
          seconds.verify,
      seconds.prepare, seconds.observe, seconds.solve, seconds.export_,
      seconds.choose > 0 ? fmt::format(", choose {:.2f}", seconds.choose) : "", seconds.verify);
  fmt::format_to(out, "memory    {} at most\n", mebibytes(summary.peak_memory_bytes));
  add_latency(summary, text);
  add_worst_tensors(summary, text);
  add_float_nodes(summary, text);
  if (!summary.outputs.empty()) {
    fmt::format_to(out, "\nerror on {} samples that were not used for calibration\n{}",
                   summary.held_out_count - summary.left_out.size(),
                   outputs_table(summary.outputs, summary.left_out));
  }
  for (const auto& note : summary.notes) fmt::format_to(out, "\nnote: {}\n", printable(note));
  add_verdict(summary, text);
  return text;
}

}  // namespace rangefinder::report
