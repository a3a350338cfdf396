#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/printable.h"
#include "report/summary.h"

namespace rangefinder::report {
namespace {

/// Tensors that a person is shown; all of them are in the JSON.
constexpr size_t kTensorRowLimit = 8;
constexpr size_t kFloatNodeLimit = 8;
constexpr size_t kLeftOutLimit = 8;
constexpr size_t kNameWidth = 40;

/// The end of a name says more than its beginning.
std::string shortened(const std::string& foreign) {
  std::string name = printable(foreign);
  if (name.size() <= kNameWidth) return name;
  size_t begin = name.size() - kNameWidth + 3;
  // Not within a UTF-8 character: its later bytes are 10xxxxxx.
  while (begin < name.size() && (name[begin] & 0xC0) == 0x80) ++begin;
  return "..." + name.substr(begin);
}

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
  fmt::format_to(out, "{} -> {}\n", printable(summary.model), printable(summary.output));
  fmt::format_to(out, "method {}, target {}, {} samples\n", summary.method, summary.target,
                 summary.sample_count);
  fmt::format_to(out, "size      {} -> {}\n", mebibytes(summary.float_bytes),
                 mebibytes(summary.quantized_bytes));
  fmt::format_to(out, "kernels   {} of {} Conv, Gemm and MatMul nodes run in integers\n",
                 summary.integer_nodes, summary.eligible_nodes);
  add_corrections(summary, text);
  add_tables(summary.lookup_tables, text);
  add_lstms(summary.lstms, text);
  fmt::format_to(
      out,
      "time      {:.2f} s (prepare {:.2f}, observe {:.2f}, solve {:.2f}, export {:.2f}, verify "
      "{:.2f})\n",
      seconds.prepare + seconds.observe + seconds.solve + seconds.export_ + seconds.verify,
      seconds.prepare, seconds.observe, seconds.solve, seconds.export_, seconds.verify);
  fmt::format_to(out, "memory    {} at most\n", mebibytes(summary.peak_memory_bytes));
  add_worst_tensors(summary, text);
  add_float_nodes(summary, text);
  if (!summary.outputs.empty()) {
    fmt::format_to(out, "\nerror on {} samples that were not used for calibration\n{}",
                   summary.held_out_count - summary.left_out.size(),
                   outputs_table(summary.outputs, summary.left_out));
  }
  for (const auto& note : summary.notes) fmt::format_to(out, "\nnote: {}\n", printable(note));
  return text;
}

}  // namespace rangefinder::report
