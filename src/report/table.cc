#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "report/summary.h"

namespace rangefinder::report {
namespace {

/// Tensors that a person is shown; all of them are in the JSON.
constexpr size_t kTensorRowLimit = 8;
constexpr size_t kFloatNodeLimit = 8;
constexpr size_t kNameWidth = 40;

/// The end of a name says more than its beginning.
std::string shortened(const std::string& name) {
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
    fmt::format_to(out, "{:<{}} {}: {}\n", shortened(node.name), kNameWidth, node.op_type,
                   node.reason);
  }
  if (summary.float_nodes.size() > kFloatNodeLimit) {
    fmt::format_to(out, "... and {} more (see --summary)\n",
                   summary.float_nodes.size() - kFloatNodeLimit);
  }
}

}  // namespace

std::string outputs_table(const std::vector<OutputRow>& outputs) {
  std::string text;
  auto out = std::back_inserter(text);
  fmt::format_to(out, "{:<{}} {:>8} {:>10} {:>14}\n", "outputs", kNameWidth, "SQNR dB", "cosine",
                 "max abs error");
  for (const auto& row : outputs) {
    fmt::format_to(out, "{:<{}} {:>8} {:>10.6f} {:>14.6g}\n", shortened(row.name), kNameWidth,
                   decibels(row.sqnr_db), row.cosine, row.max_abs_error);
  }
  return text;
}

std::string to_table(const Summary& summary) {
  std::string text;
  auto out = std::back_inserter(text);
  const auto& seconds = summary.seconds;
  fmt::format_to(out, "{} -> {}\n", summary.model, summary.output);
  fmt::format_to(out, "method {}, target {}, {} samples\n", summary.method, summary.target,
                 summary.sample_count);
  fmt::format_to(out, "size      {} -> {}\n", mebibytes(summary.float_bytes),
                 mebibytes(summary.quantized_bytes));
  fmt::format_to(out, "kernels   {} of {} Conv, Gemm and MatMul nodes run in integers\n",
                 summary.integer_nodes, summary.eligible_nodes);
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
                   summary.held_out_count, outputs_table(summary.outputs));
  }
  for (const auto& note : summary.notes) fmt::format_to(out, "\nnote: {}\n", note);
  return text;
}

}  // namespace rangefinder::report
