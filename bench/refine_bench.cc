// What does rounding weights by their outputs cost, and what does it win?
//
// refine_bench [--layers] [--samples N] [--looks N] [--rows N] [--target T] [--method M]
//              [--jobs N] [--json FILE] [MODEL.onnx=SAMPLES...]
//
// --layers: seconds for the gram matrix, its factor and the rounding, layer sizes of real networks
// with 32 samples of 256 rows, made up: columns that share half of what they are. For a model and a
// folder of samples: calibrates on the first N, rounds, and measures both models on others (see
// data/split.h); tells for every node the power of its weights' error on rows that only judge,
// before over after.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "bench/machine.h"
#include "engine/packed_model.h"
#include "graph/attributes.h"
#include "graph/constants.h"
#include "graph/graph.h"
#include "refine/error_factor.h"
#include "refine/gram_matrix.h"
#include "refine/round_weights.h"
#include "workflow/compare.h"
#include "workflow/observe.h"
#include "workflow/refine_weights.h"
#include "workflow/samples.h"
#include "workflow/solved_plan.h"

namespace rangefinder::bench {
namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::ordered_json;

struct Options {
  std::vector<std::string> models = {};
  bool layers = false;
  size_t samples = 64;
  std::string target = "ort-cpu";
  std::string method = workflow::kDefaultMethod;
  refine::RefinementOptions refinement = {};
  int jobs = 0;
  std::string json = {};
};

/// Seconds since the last call.
class Lap {
 public:
  double operator()() {
    const auto now = Clock::now();
    const double seconds = std::chrono::duration<double>(now - start_).count();
    start_ = now;
    return seconds;
  }

 private:
  Clock::time_point start_ = Clock::now();
};

double decibels(double before, double after) { return 10 * std::log10(before / after); }

// ---- Layers ----

struct Layer {
  const char* name;
  size_t columns;
  size_t channels;
};

constexpr Layer kLayers[] = {{"1x1x64", 64, 256},         {"3x3x64", 576, 64},
                             {"1x1x1024", 1024, 256},     {"3x3x128", 1152, 128},
                             {"feed-forward", 1536, 384}, {"3x3x256", 2304, 256},
                             {"3x3x512", 4608, 512}};

refine::CodeRows made_up_rows(size_t row_count, size_t columns) {
  std::mt19937 random(1);
  refine::CodeRows rows{columns, {}, 128};
  rows.codes.reserve(row_count * columns);
  for (size_t row = 0; row < row_count; ++row) {
    const auto common = static_cast<int>(random() % 128);
    for (size_t i = 0; i < columns; ++i)
      rows.codes.push_back(static_cast<uint8_t>(common + static_cast<int>(random() % 128)));
  }
  return rows;
}

refine::ChannelWeights made_up_weights(const Layer& layer) {
  std::mt19937 random(2);
  refine::ChannelWeights weights{layer.columns, layer.channels};
  std::normal_distribution<float> normal(0, 30);
  for (size_t i = 0; i < layer.columns * layer.channels; ++i) {
    weights.reals.push_back(std::clamp(normal(random), -127.0f, 127.0f));
    weights.codes.push_back(static_cast<int8_t>(std::nearbyint(weights.reals.back())));
  }
  return weights;
}

ordered_json measure_layer(const Layer& layer) {
  constexpr size_t kRows = 24 * 256;
  const refine::CodeRows rows = made_up_rows(kRows, layer.columns);
  refine::ChannelWeights weights = made_up_weights(layer);
  Lap lap;
  refine::SquareMatrix matrix = refine::gram_matrix(rows);
  const double gram = lap();
  refine::factorize(matrix);
  const double factor = lap();
  double before = 0;
  double after = 0;
  for (const auto& loss : refine::round_weights(matrix, {.bound_pairs = true}, weights)) {
    before += loss.before;
    after += loss.after;
  }
  const double rounding = lap();
  fmt::print(
      "{:>12}: {:4} columns, {:3} channels: gram {:.3f} s, factor {:.3f} s, "
      "rounding {:.3f} s, error -{:.1f} dB\n",
      layer.name, layer.columns, layer.channels, gram, factor, rounding, decibels(before, after));
  return {{"layer", layer.name},
          {"columns", layer.columns},
          {"channels", layer.channels},
          {"gram_seconds", gram},
          {"factor_seconds", factor},
          {"rounding_seconds", rounding},
          {"error_db", decibels(before, after)}};
}

// ---- Models ----

/// In dB, one value for each output, on samples that were not calibrated on.
struct Sqnr {
  std::vector<double> integers;
  /// Activations in float: the error of the weights alone.
  std::vector<double> weights_alone;
};

/// The float model with what its weights' codes stand for.
onnx::ModelProto with_restored_weights(const workflow::Plan& plan,
                                       const workflow::SolvedPlan& solution) {
  onnx::ModelProto model = plan.prepared.model;
  graph::Graph graph(model);
  std::map<std::string, onnx::NodeProto*> nodes;
  for (auto& node : *graph.message().mutable_node()) nodes[node.name()] = &node;
  for (const auto& weight : solution.weights) {
    onnx::NodeProto& node = *nodes.at(weight.node);
    std::vector<float> values(weight.codes.size());
    const auto axis = static_cast<size_t>(weight.axis.value_or(0));
    const auto inner = static_cast<size_t>(
        tensor::element_count(std::span(weight.shape).subspan(weight.axis ? axis + 1 : 0)));
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = weight.scale[i / inner % weight.scale.size()] * weight.codes[i];
    const std::string name = graph.fresh_name(weight.node + "/restored");
    graph.add_initializer(graph::make_floats(name, weight.shape, values));
    graph.set_input(node, 1, name);
    if (node.op_type() == "Gemm") graph::set_attribute(node, "alpha", 1.0f);
  }
  graph.finish();
  return model;
}

std::vector<double> output_sqnr(const workflow::Plan& plan, const onnx::ModelProto& model,
                                const workflow::Samples& samples, const RunControl& run) {
  const auto errors =
      workflow::compare_outputs(plan.source, engine::pack_model(model, "", plan.prepared.held),
                                *samples.held_out(), {.run = run});
  std::vector<double> sqnr;
  for (const auto& output : errors.outputs) sqnr.push_back(output.sqnr_db);
  return sqnr;
}

Sqnr sqnr_of(const workflow::Plan& plan, const workflow::SolvedPlan& solution,
             const workflow::Samples& samples, const RunControl& run) {
  return {output_sqnr(plan, workflow::export_model(plan, solution), samples, run),
          output_sqnr(plan, with_restored_weights(plan, solution), samples, run)};
}

ordered_json node_list(const std::vector<refine::NodeRefinement>& nodes) {
  ordered_json list = ordered_json::array();
  for (const auto& node : nodes) {
    const bool is_refined = node.reason.empty();
    const double gain = is_refined ? decibels(node.error_before, node.error_after) : 0;
    fmt::print("  {:>40} {}\n", node.node,
               is_refined ? fmt::format("-{:.1f} dB", gain) : node.reason);
    list.push_back({{"node", node.node}, {"gain_db", gain}, {"reason", node.reason}});
  }
  return list;
}

ordered_json measure_model(const std::string& argument, const Options& options) {
  const size_t split = argument.find('=');
  if (split == std::string::npos) throw std::invalid_argument(argument + ": MODEL=SAMPLES");
  const RunControl run{.jobs = options.jobs};
  const auto plan = workflow::make_plan(std::filesystem::path(argument.substr(0, split)),
                                        {&targets::find_target(options.target)});
  const auto samples = workflow::split_samples(workflow::open_input({argument.substr(split + 1)}),
                                               {.samples = options.samples});
  Lap lap;
  const auto statistics =
      workflow::observe(plan, *samples, plan.observed_with_sums(workflow::default_rows(plan)), run);
  const double observing = lap();
  auto solution = workflow::solve_plan(plan, statistics, {.method = options.method});
  const Sqnr before = sqnr_of(plan, solution, *samples, run);
  lap();
  const auto nodes =
      workflow::refine_weights(plan, *samples, run, solution, {.options = options.refinement});
  const double refining = lap();
  const Sqnr after = sqnr_of(plan, solution, *samples, run);
  workflow::correct_biases(plan, statistics, solution);
  const auto corrected = output_sqnr(plan, workflow::export_model(plan, solution), *samples, run);
  fmt::print("{}: observe {:.2f} s, refine {:.2f} s; {}\n", argument, observing, refining,
             workflow::refinement_note(nodes));
  ordered_json result = {{"model", argument},
                         {"observe_seconds", observing},
                         {"refine_seconds", refining},
                         {"nodes", node_list(nodes)},
                         {"outputs", ordered_json::array()}};
  for (size_t i = 0; i < before.integers.size(); ++i) {
    fmt::print(
        "  output {}: {:.2f} -> {:.2f} dB, with biases corrected {:.2f}; weights alone "
        "{:.2f} -> {:.2f} dB\n",
        i, before.integers[i], after.integers[i], corrected[i], before.weights_alone[i],
        after.weights_alone[i]);
    result["outputs"].push_back({{"before_db", before.integers[i]},
                                 {"after_db", after.integers[i]},
                                 {"corrected_db", corrected[i]},
                                 {"weights_before_db", before.weights_alone[i]},
                                 {"weights_after_db", after.weights_alone[i]}});
  }
  return result;
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Cost and gain of rounding weights by their outputs");
  app.add_option("model", options.models, "MODEL.onnx=SAMPLES");
  app.add_flag("--layers", options.layers, "time made-up layers");
  app.add_option("--samples", options.samples, "calibrate on the first so many");
  app.add_option("--target", options.target, "as of quantize");
  app.add_option("--method", options.method, "as of quantize");
  app.add_option("--looks", options.refinement.samples, "of them, round by so many");
  app.add_option("--rows", options.refinement.rows, "rows of each of those");
  app.add_option("--jobs", options.jobs, "workers; 0: one per core");
  app.add_option("--json", options.json, "write the result there; -: standard output");
  CLI11_PARSE(app, argc, argv);
  fmt::print("{}\n", machine());
  ordered_json layers = ordered_json::array();
  ordered_json models = ordered_json::array();
  if (options.layers) {
    for (const Layer& layer : kLayers) layers.push_back(measure_layer(layer));
  }
  for (const auto& model : options.models) models.push_back(measure_model(model, options));
  if (!options.json.empty()) write_json({{"layers", layers}, {"models", models}}, options.json);
  return 0;
}

}  // namespace
}  // namespace rangefinder::bench

int main(int argc, char** argv) {
  return rangefinder::bench::run_program("refine_bench", rangefinder::bench::run, argc, argv);
}
