// Does the time of quantizing grow faster than the number of nodes?
//
// nodes_bench [--nodes N...] [--shapes NAME...] [--json FILE]
//
// Quantizes small graphs of many nodes, each in a process of its own with one worker, and reports
// processor seconds, the seconds of each phase, and the exponent from the smallest to the largest.

#include <fmt/format.h>
#include <onnx/onnx_pb.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/machine.h"
#include "bench/workload.h"
#include "workflow/quantize.h"

namespace rangefinder::bench {
namespace {

constexpr int64_t kChannels = 4;

/// Writes graphs whose values stay of one size however deep they are.
class GraphWriter {
 public:
  GraphWriter() {
    model_.set_ir_version(8);
    model_.add_opset_import()->set_version(13);
    graph().set_name("nodes");
    describe(graph().add_input(), "x");
  }

  onnx::NodeProto& node(const std::string& type, const std::vector<std::string>& inputs,
                        const std::string& output) {
    auto& node = *graph().add_node();
    node.set_op_type(type);
    node.set_name("make_" + output);
    for (const std::string& input : inputs) node.add_input(input);
    node.add_output(output);
    return node;
  }

  /// A convolution with weights of its own: channels change places, and signs.
  onnx::NodeProto& convolution(const std::string& input, const std::string& output) {
    auto& weights = *graph().add_initializer();
    weights.set_name("weights_" + output);
    weights.set_data_type(onnx::TensorProto::FLOAT);
    for (const int64_t size : {kChannels, kChannels, int64_t{1}, int64_t{1}}) {
      weights.add_dims(size);
    }
    const int64_t turn = graph().node_size() % kChannels;
    for (int64_t i = 0; i < kChannels * kChannels; ++i) {
      const bool is_taken = i % kChannels == (i / kChannels + turn) % kChannels;
      weights.add_float_data(is_taken ? (i % 3 == 0 ? -1.0f : 1.0f) : 0.0f);
    }
    return node("Conv", {input, weights.name()}, output);
  }

  std::string finish(const std::string& output) {
    convolution(output, "y");
    describe(graph().add_output(), "y");
    return model_.SerializeAsString();
  }

 private:
  onnx::GraphProto& graph() { return *model_.mutable_graph(); }

  static void describe(onnx::ValueInfoProto* info, const char* name) {
    info->set_name(name);
    auto* type = info->mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    for (const int64_t size : {int64_t{1}, kChannels, int64_t{8}, int64_t{8}}) {
      type->mutable_shape()->add_dim()->set_dim_value(size);
    }
  }

  onnx::ModelProto model_;
};

using Step = std::function<std::string(GraphWriter& writer, const std::string& before, int number)>;

std::string chain(int count, const Step& step) {
  GraphWriter writer;
  writer.convolution("x", "t0");
  std::string last = "t0";
  for (int i = 1; i < count; ++i) last = step(writer, last, i);
  return writer.finish(last);
}

std::string tensor(int number) { return fmt::format("t{}", number); }

/// One after the other.
std::string convolutions(int count) {
  return chain(count, [](GraphWriter& writer, const std::string& before, int i) {
    writer.convolution(before, tensor(i));
    return tensor(i);
  });
}

std::string one_name(int count) {
  return chain(count, [](GraphWriter& writer, const std::string& before, int i) {
    writer.convolution(before, tensor(i)).set_name("convolution");
    return tensor(i);
  });
}

/// All read the same tensor; one node reads what they make.
std::string fan_out(int count) {
  GraphWriter writer;
  writer.convolution("x", "t0");
  std::vector<std::string> all;
  for (int i = 1; i < count; ++i) {
    writer.convolution("t0", tensor(i));
    all.push_back(tensor(i));
  }
  writer.node("Max", all, "largest");
  return writer.finish("largest");
}

/// Additions of one tensor and its negative in turn.
std::string additions(int count) {
  return chain(count, [](GraphWriter& writer, const std::string& before, int i) {
    if (i == 1) writer.node("Neg", {"t0"}, "negative");
    writer.node("Add", {before, i % 2 == 0 ? "t0" : "negative"}, tensor(i));
    return tensor(i);
  });
}

std::string movers(int count) {
  return chain(count, [](GraphWriter& writer, const std::string& before, int i) {
    auto& pool = writer.node("MaxPool", {before}, tensor(i));
    auto& shape = *pool.add_attribute();
    shape.set_name("kernel_shape");
    shape.set_type(onnx::AttributeProto::INTS);
    for (int axis = 0; axis < 2; ++axis) shape.add_ints(1);
    return tensor(i);
  });
}

std::string activations(int count) {
  return chain(count, [](GraphWriter& writer, const std::string& before, int i) {
    writer.node(i % 2 == 0 ? "Relu" : "Sigmoid", {before}, tensor(i));
    return tensor(i);
  });
}

const std::map<std::string, std::function<std::string(int)>>& shapes() {
  static const std::map<std::string, std::function<std::string(int)>> all = {
      {"chain", convolutions}, {"one_name", one_name}, {"fan_out", fan_out},
      {"adds", additions},     {"movers", movers},     {"activations", activations}};
  return all;
}

struct Measured {
  double processor_seconds = 0;
  /// Of the clock: prepare, observe, solve, export, verify.
  std::array<double, 5> phases = {};
};

constexpr std::array<const char*, 5> kPhases = {"prepare", "observe", "solve", "export", "verify"};

std::array<double, 5> quantize(const std::string& bytes) {
  workflow::QuantizeRequest request;
  request.model = engine::ModelSource(bytes, "");
  request.samples.list =
      std::make_shared<NormalSamples>(tensor::Shape{1, kChannels, 8, 8}, size_t{4});
  request.run.jobs = 1;
  const auto seconds = workflow::quantize(request).summary.seconds;
  return {seconds.prepare, seconds.observe, seconds.solve, seconds.export_, seconds.verify};
}

/// In a process of its own: what one leaves in memory must not serve the next.
Measured measure(const std::string& bytes) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error(std::strerror(errno));
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 1;
    try {
      const std::array<double, 5> phases = quantize(bytes);
      status = ::write(ends[1], phases.data(), sizeof phases) == sizeof phases ? 0 : 1;
    } catch (const std::exception& error) {
      fmt::print(stderr, "nodes_bench: {}\n", error.what());
    }
    ::_exit(status);
  }
  ::close(ends[1]);
  Measured result;
  const bool is_told =
      ::read(ends[0], result.phases.data(), sizeof result.phases) == sizeof result.phases;
  ::close(ends[0]);
  int status = 0;
  rusage usage = {};
  if (child < 0 || ::wait4(child, &status, 0, &usage) < 0 || status != 0 || !is_told) {
    throw std::runtime_error("the measured process failed");
  }
  for (const timeval& time : {usage.ru_utime, usage.ru_stime}) {
    result.processor_seconds +=
        static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  }
  return result;
}

struct Options {
  std::vector<int> nodes = {250, 500, 1000, 2000, 4000};
  std::vector<std::string> shapes = {"chain", "one_name", "fan_out",
                                     "adds",  "movers",   "activations"};
  std::string json;
};

nlohmann::ordered_json measure_shape(const std::string& shape, const std::vector<int>& nodes) {
  nlohmann::ordered_json runs = nlohmann::ordered_json::array();
  std::vector<double> seconds;
  for (const int count : nodes) {
    const Measured measured = measure(shapes().at(shape)(count));
    seconds.push_back(measured.processor_seconds);
    nlohmann::ordered_json run = {{"nodes", count}, {"processor_seconds", seconds.back()}};
    std::string phases;
    for (size_t i = 0; i < kPhases.size(); ++i) {
      run[kPhases[i]] = measured.phases[i];
      phases += fmt::format(", {} {:.2f}", kPhases[i], measured.phases[i]);
    }
    fmt::print("{}, {} nodes: {:.2f} processor s{}\n", shape, count, seconds.back(), phases);
    runs.push_back(std::move(run));
  }
  const double exponent = std::log(seconds.back() / seconds.front()) /
                          std::log(static_cast<double>(nodes.back()) / nodes.front());
  fmt::print("{}: time grows with nodes to the power of {:.2f}\n", shape, exponent);
  return {{"shape", shape}, {"exponent", exponent}, {"runs", std::move(runs)}};
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Time of quantizing by number of nodes");
  app.add_option("--nodes", options.nodes, "numbers of nodes, the smallest first")
      ->check(CLI::Range(2, 100000));
  std::vector<std::string> known;
  for (const auto& [name, ignored] : shapes()) known.push_back(name);
  app.add_option("--shapes", options.shapes, "graphs")->check(CLI::IsMember(known));
  app.add_option("--json", options.json, "write the result there; -: standard output");
  CLI11_PARSE(app, argc, argv);
  fmt::print("{}\n", machine());
  nlohmann::ordered_json results = nlohmann::ordered_json::array();
  for (const std::string& shape : options.shapes) {
    results.push_back(measure_shape(shape, options.nodes));
  }
  if (!options.json.empty()) write_json({{"shapes", std::move(results)}}, options.json);
  return 0;
}

}  // namespace
}  // namespace rangefinder::bench

int main(int argc, char** argv) {
  return rangefinder::bench::run_program("nodes_bench", rangefinder::bench::run, argc, argv);
}
