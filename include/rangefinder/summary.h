#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rangefinder/export.h"

namespace rangefinder {

/// One quantized activation.
struct TensorRow {
  std::string name = {};
  /// The tensor whose parameters it shares; its own name if it has its own.
  std::string root = {};
  std::string method = {};
  /// Real values of the outermost codes.
  double range_min = 0;
  double range_max = 0;
  float scale = 0;
  int32_t offset = 0;
  uint64_t count = 0;
  uint64_t nan_count = 0;
  uint64_t inf_count = 0;
  /// Share of the values seen that lie outside the range.
  double clipped_share = 0;
  /// Signal over quantization error, from the counts; empty for a tensor of zeros.
  std::optional<double> sqnr_db = {};
  /// The same of some held-out samples (Summary::looked_at_count); empty without.
  std::optional<double> held_out_clipped_share = {};
  std::optional<double> held_out_sqnr_db = {};
  /// What the method reports beside (e.g. isotone: the share of rows whose order survives).
  std::map<std::string, double> figures = {};
};

/// By what an output is judged that is not judged as a whole (docs/verdict.md): a tensor before a
/// selection, or a part of it that is a quantity of its own, as a detector's boxes and its scores.
struct JudgedTensorRow {
  std::string name = {};
  /// Infinite if equal, NaN if nothing could be compared.
  double sqnr_db = 0;
  /// See OutputRow.
  std::optional<double> sqnr_bound_db = {};
  std::optional<double> score_sqnr_db = {};
  std::optional<double> score_bound_db = {};
};

/// A value of the float model's, and what the quantized model gives instead.
struct ValuePair {
  float real = 0;
  float restored = 0;

  bool operator==(const ValuePair&) const = default;
};

/// How far the quantized model's output is from the float model's.
struct OutputRow {
  std::string name;
  /// Infinite if equal; as the next two NaN if nothing could be compared.
  double sqnr_db = 0;
  double cosine = 0;
  double max_abs_error = 0;
  /// Pairs of values that were left out because one is NaN or infinite.
  uint64_t nonfinite_count = 0;
  /// Samples that were compared, and those on which the two have different shapes.
  uint64_t sample_count = 0;
  uint64_t shape_mismatch_count = 0;
  /// Of an output of integers or booleans: how many values are the same in both.
  std::optional<double> equal_share = {};
  /// What the signal over the noise of other samples would hardly stay under: by the pooled noise
  /// plus 1.64 of its standard errors, of the held-out samples, and of those with calibration
  /// samples that join them where they are few; the worse of both. Empty with fewer than two.
  std::optional<double> sqnr_bound_db = {};
  /// Of an output whose rows are shares of classes: the same two figures of their logarithms less
  /// their mean, which is what Softmax was given. Such an output is judged by these.
  std::optional<double> score_sqnr_db = {};
  std::optional<double> score_bound_db = {};
  /// In how many rows both models have the largest value at the same place, and what the quantized
  /// model's choice loses: the mean share that the float model gives to its own choice and not to
  /// that one; with 1.64 standard errors. Of rows that are scores of classes, as far as can be
  /// told. Where rows may be the letters of texts, the bound is that of whole texts, and what those
  /// lose is told, too.
  std::optional<double> same_top_share = {};
  std::optional<double> top_loss = {};
  std::optional<double> top_loss_bound = {};
  std::optional<double> text_loss = {};
  /// Calibration samples that joined the held-out ones for the bounds and the rows.
  uint64_t joined_count = 0;
  /// By what the output is judged, if not as a whole.
  std::vector<JudgedTensorRow> judged_at = {};
  /// The node that selects on the way from there, if one does; then they are no parts of it.
  std::string selected_by = {};
  /// Nodes with weights between there and the output, whose error nothing shows.
  size_t hidden_node_count = 0;
  /// Why nothing could be compared; else empty.
  std::string reason = {};
  /// Some of the values that were compared, evenly spread, to look at: at most 512.
  std::vector<ValuePair> values = {};
};

/// A sample on which no output could be compared.
struct LeftOutRow {
  std::string name;
  std::string reason;
};

/// A weighted node that stayed float.
struct FloatNodeRow {
  std::string name;
  std::string op_type;
  std::string reason;
};

/// A node of the prepared model that reads or makes a quantized tensor, or has weights.
struct NodeRow {
  std::string name = {};
  std::string op_type = {};
  /// Of a node with weights "integer" or "float", as ONNX Runtime runs it; "other" of the others.
  std::string kernel = {};
  /// Why it is float; else empty.
  std::string reason = {};
  /// The quantized tensors that it reads and makes.
  std::vector<std::string> inputs = {};
  std::vector<std::string> outputs = {};
  /// Microseconds of its kernels for one sample, in the float and in the quantized model, with
  /// those of all nodes that are timed with it. Empty: it has no kernel of its own, or nothing was
  /// timed (Summary::node_times).
  std::optional<double> float_us = {};
  std::optional<double> int8_us = {};
  /// The node that tells its time: one of the models computes both in one kernel. Empty: none does.
  std::string timed_with = {};
};

/// Kernels of one operator that are no node's of Summary::nodes, in both models.
struct OtherTimeRow {
  std::string op_type = {};
  /// "codes": between real values and codes, "layout": from one order in memory to another, both
  /// added by us or by ONNX Runtime; "node": nodes of the network that neither have weights nor
  /// read or make a quantized tensor, and what belongs to no node.
  std::string kind = {};
  /// How many there are, and their microseconds for one sample.
  size_t float_count = 0;
  size_t int8_count = 0;
  double float_us = 0;
  double int8_us = 0;
};

/// Where the time of one sample goes: by ONNX Runtime's profiler, on one thread, the least of runs
/// of both models in turn.
struct NodeTimes {
  /// Of all kernels: of nodes and others.
  double float_us = 0;
  double int8_us = 0;
  size_t runs = 0;
  int threads = 1;
  std::vector<OtherTimeRow> others = {};
};

/// What bias correction did to a node with constant weights.
struct BiasCorrectionRow {
  std::string node = {};
  size_t channel_count = 0;
  /// Output channels whose bias was changed.
  size_t corrected_count = 0;
  /// How much of the estimated shift was corrected, 0 to 1: less where samples agree less on it.
  double share = 0;
  /// Why none could be; else empty.
  std::string reason = {};
};

/// A part of the network - a node with weights and the arithmetic behind it - that was left float.
struct DecisionRow {
  std::string node = {};
  std::string op_type = {};
  /// "accuracy", "time", "user" (excluded by name) or "file" (as a decisions file has it).
  std::string reason = {};
  /// Signal over noise at the output that suffers most if this part alone computes in integers;
  /// empty if it was not measured.
  std::optional<double> sqnr_db = {};
};

/// A model that was timed to find the quickest one.
struct TimedRow {
  /// "quantized", "mixed" (some parts float for their time), "prepared float" or "float".
  std::string model = {};
  /// Parts that are float in it.
  size_t float_count = 0;
  /// Median for one sample, on one thread.
  double seconds = 0;
};

/// How it was chosen what stays float (docs/numerics/choice.md).
struct ChoiceRow {
  /// What every judged output was to reach, in dB; empty if accuracy did not matter, or was told by
  /// a metric.
  std::optional<double> aim_db = {};
  /// The upper bound of the noise at the worst judged output, in dB, with everything in integers
  /// and as chosen. Infinite for a float model; empty if it was not measured.
  std::optional<double> integer_db = {};
  std::optional<double> reached_db = {};
  /// The user's figure of the float model, of all in integers, and as chosen.
  std::optional<double> float_metric = {};
  std::optional<double> integer_metric = {};
  std::optional<double> reached_metric = {};
  /// Whether what was asked for is reached.
  bool is_reached = true;
  /// Parts that could compute in integers, and those that do not.
  size_t part_count = 0;
  size_t float_count = 0;
  /// Models that were made and measured, and samples that they were judged on.
  size_t try_count = 0;
  size_t sample_count = 0;
  /// "quantized"; where nothing is left in integers "prepared float" or "float", the file as given.
  std::string written = "quantized";
  /// Empty unless the quickest model was asked for.
  std::vector<TimedRow> timed = {};
};

/// What became of channels that may be divided by scales which weights are multiplied by: those of
/// the output of a norm (LayerNormalization and its kin), or of tensors between convolutions, that
/// integer nodes read.
struct SmoothingRow {
  /// The node that applies the norm's gain or, between convolutions, the first that takes the
  /// scales; the tensor whose channels were divided, and the nodes whose weights were multiplied
  /// instead.
  std::string norm = {};
  std::string tensor = {};
  std::vector<std::string> nodes = {};
  bool is_smoothed = false;
  /// How much of the channels' differences went into the weights, 0 to 1.
  double alpha = 0;
  /// By how much the estimated error of the products falls.
  double gain_db = 0;
  /// Others read the norm's output, too: a Mul was added for the integer nodes.
  bool adds_node = false;
  /// Why it was left alone; else empty.
  std::string reason = {};
  /// Behind a norm, or between convolutions.
  bool is_norm = true;
  /// All tensors with these channels.
  std::vector<std::string> tensors = {};
};

/// A constant table that nodes look up rows of (an embedding), behind Gather.
struct LookupTableRow {
  std::string name = {};
  uint64_t row_count = 0;
  uint64_t column_count = 0;
  /// Signal over error of its codes: over all values, and of the row that a hundredth of the rows
  /// is worse than. Infinite if nothing is lost; empty if it was not tried.
  std::optional<double> sqnr_db = {};
  std::optional<double> row_sqnr_db = {};
  /// Why it stays float; empty if it became int8.
  std::string reason = {};
};

/// How long one held-out sample takes, on one thread: medians of runs in turn.
struct LatencyRow {
  double float_us = 0;
  double int8_us = 0;
  size_t runs = 0;
  int threads = 1;

  double ratio() const { return int8_us / float_us; }
};

/// Something about the samples that a reader should know.
struct DataCheckRow {
  /// For programs: "few_samples", "nothing_held_out", ... (docs/formats/summary.md).
  std::string name = {};
  /// For people: a fragment without a period.
  std::string message = {};
  /// What was found on such samples says nothing of others: the verdict is poor.
  bool is_grave = false;
};

/// Where the error is born: a tensor that is much worse than all that its maker reads.
struct ErrorSourceRow {
  std::string node = {};
  std::string op_type = {};
  /// Signal over noise of the worst tensor that the node reads (infinite: exact), and of what it
  /// makes.
  double before_db = 0;
  double after_db = 0;
};

/// What a verdict may be; docs/verdict.md says what each means.
enum class VerdictLevel { kGood, kFair, kPoor };

/// "good", "fair" or "poor".
RANGEFINDER_API std::string name_of(VerdictLevel level);

/// How good the int8 model is, by outputs on held-out samples and by its latency.
struct Verdict {
  /// Empty if nothing was held out, or nothing could be measured.
  std::optional<VerdictLevel> level = {};
  /// Why it is not better, the weightiest first; fragments without a period.
  std::vector<std::string> reasons = {};
  /// What to try: command lines, see QuantizeOptions::command.
  std::vector<std::string> hints = {};
};

/// An LSTM node with constant weights.
struct LstmRow {
  std::string name = {};
  /// Signal over error of its weights as codes. Infinite if nothing is lost; empty if it was not
  /// tried.
  std::optional<double> sqnr_db = {};
  /// Why it stays float; empty if its weights became int8.
  std::string reason = {};
};

/// Wall-clock seconds of the steps.
struct Seconds {
  double prepare = 0;
  double observe = 0;
  double solve = 0;
  /// Finding out what is to stay float; 0 if that was not asked.
  double choose = 0;
  double export_ = 0;
  double verify = 0;
};

/// Everything that quantize() and solve() have to say.
///
///     const rangefinder::Summary& summary = quantized.summary();
///     std::cout << summary.table();
///     for (const auto& output : summary.outputs) check(output.name, output.sqnr_db);
struct RANGEFINDER_API Summary {
  std::string model;
  std::string output;
  std::string method = {};
  /// See Effort.
  std::string effort = {};
  std::string target;
  std::string version;
  size_t sample_count = 0;
  size_t held_out_count = 0;
  Seconds seconds;
  uint64_t peak_memory_bytes = 0;
  uint64_t float_bytes = 0;
  uint64_t quantized_bytes = 0;
  std::vector<TensorRow> tensors;
  size_t integer_nodes = 0;
  size_t eligible_nodes = 0;
  /// Not empty: the target, whose runtime is not here. Errors are those of QuantizeLinear and
  /// DequantizeLinear with float between them, and the integer nodes are those that are written
  /// with codes.
  std::string reference = {};
  std::vector<FloatNodeRow> float_nodes;
  /// The way through the network, in graph order.
  std::vector<NodeRow> nodes = {};
  /// Of the integer kernels, on samples that were not used for calibration; empty if there were
  /// none.
  std::vector<OutputRow> outputs;
  /// Of those samples, the ones on which nothing could be compared.
  std::vector<LeftOutRow> left_out;
  /// Weight channels whose scale was raised for the target's accumulators.
  size_t raised_channel_count = 0;
  /// Of each integer node with constant weights; empty with Effort::kFast.
  std::vector<BiasCorrectionRow> bias_corrections = {};
  /// How it was chosen what stays float; empty if no choice was made.
  std::optional<ChoiceRow> choice = {};
  /// What was left float by choice or by name, in graph order.
  std::vector<DecisionRow> decisions = {};
  /// Of each norm whose output integer nodes read; empty with Effort::kFast.
  std::vector<SmoothingRow> smoothings = {};
  /// Of each embedding that is worth it; empty with Effort::kFast.
  std::vector<LookupTableRow> lookup_tables = {};
  /// Of each LSTM that is worth it; empty with Effort::kFast.
  std::vector<LstmRow> lstms = {};
  /// Held-out samples on which the tensors were looked at, too.
  size_t looked_at_count = 0;
  /// Empty if nothing was held out.
  std::optional<LatencyRow> latency = {};
  /// Empty unless asked for (QuantizeOptions::node_times), and where latency is.
  std::optional<NodeTimes> node_times = {};
  /// Looked for where the verdict is not good; the largest losses first.
  std::vector<ErrorSourceRow> error_sources = {};
  std::vector<DataCheckRow> data_checks = {};
  Verdict verdict = {};
  /// Things a reader should know, one sentence each.
  std::vector<std::string> notes;

  /// What a person wants to see at the end of a run: sizes, kernels, the tensors that lose most,
  /// outputs, and at the end the verdict. At most about 100 columns wide, but for command lines.
  std::string table() const;
  /// All of it for programs; docs/formats/summary.md lists the keys.
  std::string json() const;
};

}  // namespace rangefinder
