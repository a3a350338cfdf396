#include "refine/refine_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <stdexcept>

#include "passes/pair_sums.h"
#include "passes/weight_layout.h"
#include "support/integer_kernels.h"
#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::refine {
namespace {

using test_support::OnnxBuilder;
using test_support::QuantizedModel;
using test_support::Samples;
using testing::HasSubstr;
using testing::Not;

/// Neighbours of a picture are alike: waves of a few lengths, and a little noise.
Samples pictures(size_t count, uint32_t seed, int64_t channels = 3, int64_t side = 12) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> phase(0, 6.28f);
  std::normal_distribution<float> noise(0, 0.1f);
  Samples samples;
  for (size_t i = 0; i < count; ++i) {
    std::vector<float> values;
    for (int64_t c = 0; c < channels; ++c) {
      const float a = phase(random);
      const float b = phase(random);
      for (int64_t p = 0; p < side * side; ++p) {
        const auto x = static_cast<float>(p % side);
        const auto y = static_cast<float>(p / side);
        values.push_back(1 + std::sin(0.4f * x + a) * std::cos(0.3f * y + b) + noise(random));
      }
    }
    samples.push_back({{"x", tensor::Tensor::from_floats({1, channels, side, side}, values)}});
  }
  return samples;
}

/// A convolution, a depthwise and a pointwise one, two readers of the same rows.
OnnxBuilder network() {
  OnnxBuilder b;
  b.input("x", {1, 3, 12, 12});
  b.weights("w1", {16, 3, 3, 3}, 0.3f);
  b.weights("w2", {16, 1, 3, 3}, 0.5f);
  b.weights("w3", {24, 16, 1, 1}, 0.4f);
  b.weights("w4", {24, 10}, 0.4f);
  b.weights("w5", {24, 6}, 0.7f);
  b.node("Conv", {"x", "w1"}, {"c1"}).ints("pads", {1, 1, 1, 1});
  b.node("Relu", {"c1"}, {"r1"});
  b.node("Conv", {"r1", "w2"}, {"c2"}).integer("group", 16);
  b.node("Relu", {"c2"}, {"r2"});
  b.node("Conv", {"r2", "w3"}, {"c3"});
  b.node("Relu", {"c3"}, {"r3"});
  b.node("Transpose", {"r3"}, {"t"}).ints("perm", {0, 2, 3, 1});
  b.node("MatMul", {"t", "w4"}, {"y"});
  b.node("MatMul", {"t", "w5"}, {"z"});
  b.output("y", {1, 10, 10, 10});
  b.output("z", {1, 10, 10, 6});
  return b;
}

engine::SampleFeed feed(const Samples& samples) {
  return [&samples, i = size_t{0}]() mutable -> std::optional<engine::PendingSample> {
    if (i == samples.size()) return std::nullopt;
    const size_t index = i++;
    return engine::PendingSample{"sample " + std::to_string(index),
                                 [&samples, index](const auto&) { return samples[index]; }};
  };
}

/// A quantized network and what refining it takes.
class Subject {
 public:
  Subject(OnnxBuilder model, const Samples& samples)
      : samples_(samples),
        target_(targets::find_target("ort-cpu-vnni")),
        quantized_(test_support::quantize(model.model(), samples, "ort-cpu-vnni")),
        graph_(quantized_.prepared.model) {}

  /// What it is refined by, in place of what it was calibrated on.
  void show(const Samples& samples) { samples_ = samples; }

  std::vector<NodeRefinement> refine(const RefinementOptions& options = {}, int jobs = 1) {
    std::map<std::string, const onnx::NodeProto*> nodes;
    for (const auto& node : quantized_.prepared.model.graph().node()) nodes[node.name()] = &node;
    std::vector<WeightToRefine> weights;
    for (auto& weight : quantized_.weights) {
      const onnx::NodeProto* node = nodes.at(weight.node);
      const auto* input = quantized_.annotation.find(node->input(0));
      weights.push_back({node, InputCodes(quantized_.solved.at(input->root)), &weight});
    }
    const engine::ModelSource source(graph::serialize(quantized_.prepared.model), "");
    return refine_weights(
        graph_, source, weights, target_, [&] { return feed(samples_); }, {.jobs = jobs}, options);
  }

  /// One weight as if no other node read it.
  void refine_alone(size_t place, const RefinementOptions& options) {
    const passes::QuantizedWeight kept = quantized_.weights[place];
    std::vector<passes::QuantizedWeight> all;
    std::swap(all, quantized_.weights);
    quantized_.weights = {kept};
    refine(options);
    all[place] = quantized_.weights[0];
    quantized_.weights = std::move(all);
  }

  /// The squared error, in real units, that codes make at the outputs of a node that reads
  /// `tensor`, over all rows of those samples.
  double output_error(size_t place, const std::string& tensor, const std::vector<int8_t>& codes,
                      const std::vector<size_t>& which) const {
    const passes::QuantizedWeight& weight = quantized_.weights[place];
    const onnx::NodeProto* node = nullptr;
    for (const auto& each : quantized_.prepared.model.graph().node()) {
      if (each.name() == weight.node) node = &each;
    }
    const auto* annotated = quantized_.annotation.find(node->input(0));
    const InputCodes input(quantized_.solved.at(annotated->root));
    const InputRows rows(*node, weight.shape);
    const auto layout = passes::weight_layout(*node, weight.shape);
    const auto reals = layout.arrange(passes::read_weight(graph_, *node).floats());
    const auto arranged = layout.arrange(codes);
    double sum = 0;
    for (const size_t i : which) {
      const auto values =
          tensor == "x" ? samples_[i].at("x")
                        : test_support::run(quantized_.prepared.model, samples_[i]).at(tensor);
      const auto sampled = rows.sample(values.view(), input, 0, 1 << 20);
      for (size_t row = 0; row < sampled->row_count; ++row) {
        for (size_t c = 0; c < layout.channels; ++c) {
          double error = 0;
          for (size_t k = 0; k < layout.dot_size; ++k) {
            const size_t w = c * layout.dot_size + k;
            const double lost = static_cast<double>(reals[w]) -
                                static_cast<double>(weight.scale_of(c)) * arranged[w];
            error += lost * (sampled->codes[row * layout.dot_size + k] - input.zero());
          }
          sum += error * error * static_cast<double>(input.scale()) *
                 static_cast<double>(input.scale());
        }
      }
    }
    return sum;
  }

  std::vector<std::vector<int8_t>> codes() const {
    std::vector<std::vector<int8_t>> all;
    for (const auto& weight : quantized_.weights) all.push_back(weight.codes);
    return all;
  }

  /// Of the model with the codes as they are, on samples that it does not know.
  double sqnr(const std::string& output) const {
    const onnx::ModelProto model = exporters::write_qdq(quantized_.prepared, quantized_.annotation,
                                                        quantized_.solved, quantized_.weights);
    double signal = 0;
    for (const auto& sample : pictures(4, 99)) {
      signal +=
          test_support::sqnr_db(test_support::run(quantized_.prepared.model, sample).at(output),
                                test_support::run(model, sample).at(output));
    }
    return signal / 4;
  }

 private:
  Samples samples_;
  const targets::Target& target_;
  QuantizedModel quantized_;
  graph::Graph graph_;
};

TEST(RefineWeights, TheOutputsOfUnseenSamplesComeCloser) {
  const Samples samples = pictures(8, 1);
  Subject subject(network(), samples);
  const double y = subject.sqnr("y");
  const double z = subject.sqnr("z");
  const auto before = subject.codes();
  const auto nodes = subject.refine();
  ASSERT_EQ(nodes.size(), 5u);
  for (const NodeRefinement& node : nodes) {
    EXPECT_EQ(node.reason, "") << node.node;
    EXPECT_LT(node.error_after, node.error_before) << node.node;
  }
  for (size_t i = 0; i < before.size(); ++i) EXPECT_NE(subject.codes()[i], before[i]);
  // Most of what is left is the error of activations.
  EXPECT_GT(subject.sqnr("y"), y + 0.5);
  EXPECT_GT(subject.sqnr("z"), z + 0.5);
}

TEST(RefineWeights, CodesDoNotDependOnJobsNorOnTheNumberOfPasses) {
  const Samples samples = pictures(8, 2);
  Subject one(network(), samples);
  one.refine({}, 1);
  Subject two(network(), samples);
  two.refine({}, 2);
  EXPECT_EQ(one.codes(), two.codes());
  // Room for the rows of one site at a time.
  Subject passes(network(), samples);
  RefinementOptions little{.samples = 8};
  little.memory = 1 << 20;
  const auto nodes = passes.refine(little);
  for (const NodeRefinement& node : nodes) EXPECT_EQ(node.reason, "") << node.node;
  EXPECT_EQ(one.codes(), passes.codes());
}

TEST(RefineWeights, SaysWhichNodesItLeavesAndWhy) {
  const Samples samples = pictures(4, 3);
  Subject subject(network(), samples);
  const auto before = subject.codes();
  const auto large = subject.refine({.most_columns = 20});
  EXPECT_EQ(large[0].reason, "an output sums over 27 products; allowed: 20");
  EXPECT_EQ(large[1].reason, "");
  EXPECT_EQ(subject.codes()[0], before[0]);
  RefinementOptions none;
  none.memory = 1000;
  for (const auto& node : subject.refine(none)) EXPECT_THAT(node.reason, HasSubstr("MB; allowed"));
}

/// Two convolutions that read one weight, from tensors of different scales, and one of its own.
OnnxBuilder tower() {
  OnnxBuilder b;
  b.input("x", {1, 3, 12, 12});
  b.weights("w", {3, 3, 3, 3}, 0.6f);
  b.weights("own", {4, 3, 3, 3}, 0.3f);
  b.node("Conv", {"x", "w"}, {"a"}).ints("pads", {1, 1, 1, 1});
  b.node("Conv", {"a", "w"}, {"c"}).ints("strides", {2, 2});
  b.node("Conv", {"c", "own"}, {"y"});
  b.output("y", {1, 4, 3, 3});
  b.output("a", {1, 3, 12, 12});
  return b;
}

TEST(RefineWeights, RoundsAWeightOnceForAllThatReadIt) {
  const Samples samples = pictures(8, 1);
  Subject subject(tower(), samples);
  const auto before = subject.codes();
  ASSERT_EQ(before[0], before[1]);
  // All rows of all samples: those of a place, so that samples 3 and 7 alone judge.
  const RefinementOptions all{.samples = 8, .rows = 4 * 2 * 144};
  const auto nodes = subject.refine(all);
  ASSERT_EQ(nodes.size(), 3u);
  for (const NodeRefinement& node : nodes) EXPECT_EQ(node.reason, "") << node.node;
  const auto after = subject.codes();
  EXPECT_NE(after[0], before[0]);
  EXPECT_EQ(after[0], after[1]);
  // What is told is the sum over both readers, up to one factor, and it falls on all samples.
  const auto error = [&](const auto& codes, const std::vector<size_t>& which) {
    return subject.output_error(0, "x", codes[0], which) +
           subject.output_error(1, "a", codes[1], which);
  };
  EXPECT_EQ(nodes[0].error_before, nodes[1].error_before);
  EXPECT_EQ(nodes[0].error_after, nodes[1].error_after);
  EXPECT_NEAR(nodes[0].error_after / nodes[0].error_before,
              error(after, {3, 7}) / error(before, {3, 7}), 1e-5);
  EXPECT_LT(error(after, {3, 7}), error(before, {3, 7}));
  const std::vector<size_t> others = {0, 1, 2, 4, 5, 6};
  EXPECT_LT(error(after, others), error(before, others));
  // By the rows of one reader alone it would be another rounding, and a worse one for both.
  Subject first(tower(), samples);
  first.refine_alone(0, all);
  const auto alone = first.codes();
  EXPECT_NE(alone[0], after[0]);
  const auto for_both = [&](const auto& codes) {
    return subject.output_error(0, "x", codes[0], others) +
           subject.output_error(1, "a", codes[0], others);
  };
  EXPECT_LT(for_both(after), for_both(alone));
}

TEST(RefineWeights, OfSharedWeightsDoNotDependOnJobsNorPasses) {
  const Samples samples = pictures(8, 2);
  Subject one(tower(), samples);
  one.refine({}, 1);
  Subject two(tower(), samples);
  two.refine({}, 2);
  EXPECT_EQ(one.codes(), two.codes());
  RefinementOptions little{.samples = 8};
  little.memory = 1 << 18;
  Subject passes(tower(), samples);
  passes.refine(little);
  EXPECT_EQ(one.codes(), passes.codes());
}

TEST(RefineWeights, LeavesCodesThatOtherWeightsHappenToHave) {
  OnnxBuilder b;
  b.input("x", {1, 3, 12, 12});
  std::vector<float> values(9);
  std::iota(values.begin(), values.end(), -4.0f);
  b.initializer("w", {3, 3, 1, 1}, values);
  values[4] += 0.001f;
  b.initializer("other", {3, 3, 1, 1}, values);
  b.node("Conv", {"x", "w"}, {"a"});
  b.node("Conv", {"a", "other"}, {"y"});
  b.output("y", {1, 3, 12, 12});
  Subject subject(b, pictures(4, 1));
  ASSERT_EQ(subject.codes()[0], subject.codes()[1]);
  for (const auto& node : subject.refine())
    EXPECT_EQ(node.reason, "it has the codes of another weight");
}

TEST(RefineWeights, RoundsStacksOfMatrices) {
  const Samples pictured = pictures(8, 5, 4, 12);
  OnnxBuilder b;
  b.input("x", {1, 4, 12, 12});
  b.weights("w", {4, 12, 5}, 0.3f);
  b.node("MatMul", {"x", "w"}, {"y"});
  b.output("y", {1, 4, 12, 5});
  Subject subject(b, pictured);
  const auto before = subject.codes();
  const auto nodes = subject.refine();
  ASSERT_EQ(nodes.size(), 1u);
  EXPECT_EQ(nodes[0].reason, "");
  EXPECT_LT(nodes[0].error_after, nodes[0].error_before);
  EXPECT_NE(subject.codes(), before);
}

/// The float model's outputs with the weight in place of its own, over those with its own, in dB.
double weight_sqnr(OnnxBuilder model, const passes::QuantizedWeight& weight, size_t window) {
  const Samples unseen = pictures(2, 77);
  const auto outputs = [&] {
    std::vector<tensor::Tensor> all;
    for (const auto& sample : unseen)
      all.push_back(test_support::run(model.model(), sample).at("y"));
    return all;
  };
  const auto before = outputs();
  std::vector<float> restored;
  for (size_t i = 0; i < weight.codes.size(); ++i) {
    const size_t channel = i / window % weight.channel_count;
    restored.push_back(static_cast<float>(weight.codes[i]) * weight.scale_of(channel));
  }
  auto* initializer = model.graph().mutable_initializer(0);
  initializer->clear_float_data();
  initializer->set_raw_data(restored.data(), restored.size() * sizeof(float));
  const auto after = outputs();
  double sum = 0;
  for (size_t i = 0; i < after.size(); ++i) sum += test_support::sqnr_db(before[i], after[i]);
  return sum / static_cast<double>(after.size());
}

// Windows beside each other, and windows that overlap.
TEST(RefineWeights, RoundsTransposedConvolutions) {
  const targets::Target& target = targets::find_target("tensorrt");
  for (const int64_t side : {2, 4}) {
    OnnxBuilder b;
    b.input("x", {1, 3, 12, 12});
    b.weights("w", {3, 8, side, side}, 0.3f);
    b.node("ConvTranspose", {"x", "w"}, {"y"}).ints("strides", {2, 2});
    b.graph().add_output()->set_name("y");
    graph::Graph graph(b.model());
    const onnx::NodeProto& node = graph.message().node(0);
    passes::QuantizedWeight weight = passes::quantize_weight(graph, node, 1, target);
    const auto window = static_cast<size_t>(side * side);
    const double nearest = weight_sqnr(b, weight, window);
    const Samples samples = pictures(8, 6);
    const engine::ModelSource source(graph::serialize(b.model()), "");
    const auto nodes = refine_weights(graph, source, {{&node, {3.0f / 255, 0}, &weight}}, target,
                                      [&] { return feed(samples); }, {.jobs = 1}, {});
    ASSERT_EQ(nodes[0].reason, "") << side;
    EXPECT_GT(weight_sqnr(b, weight, window), nearest + 1) << side;
  }
}

// A matrix of 400 columns that multiplies one row a sample takes hundreds of times as long to round
// as to apply; a convolution of 27 columns over a picture does not.
TEST(RefineWeights, LeavesWhatTakesMuchLongerThanInference) {
  const Samples samples = pictures(8, 3);
  OnnxBuilder b;
  b.input("x", {1, 3, 12, 12});
  b.weights("w1", {4, 3, 3, 3}, 0.3f);
  b.weights("w2", {400, 16}, 0.3f);
  b.node("Conv", {"x", "w1"}, {"c"});
  b.node("Relu", {"c"}, {"r"});
  b.node("Flatten", {"r"}, {"f"});
  b.node("Gemm", {"f", "w2"}, {"y"});
  b.output("y", {1, 16});
  const RefinementOptions limited{.work_per_product = 8, .free_work = 0};
  const auto nodes = Subject(b, samples).refine(limited);
  ASSERT_EQ(nodes.size(), 2u);
  EXPECT_EQ(nodes[0].reason, "");
  EXPECT_THAT(nodes[1].reason, HasSubstr("long for so few samples"));
  // With room for it, or without a limit, it is done.
  RefinementOptions roomy = limited;
  roomy.free_work = 1e9;
  for (const auto& options : {roomy, RefinementOptions{}}) {
    EXPECT_THAT(Subject(b, samples).refine(options)[1].reason, Not(HasSubstr("long")));
  }
}

TEST(RefineWeights, LeavesWhatHasNoInput) {
  OnnxBuilder b;
  b.input("x", {1, 3, 12, 12});
  b.weights("w", {4, 3, 1, 1});
  b.node("Conv", {"x", "w"}, {"y"});
  b.output("y", {1, 4, 12, 12});
  Samples zeros = pictures(4, 1);
  for (auto& sample : zeros) std::ranges::fill(sample.at("x").floats(), 0.0f);
  Subject still(b, zeros);
  const auto before = still.codes();
  EXPECT_EQ(still.refine().at(0).reason, "its weights have no error on its inputs");
  EXPECT_EQ(still.codes(), before);
  const Samples some = pictures(4, 1);
  Samples bad = some;
  bad[2].at("x").floats()[5] = NAN;
  bad[3].at("x").floats()[5] = NAN;
  Subject subject(b, some);
  subject.show(bad);
  EXPECT_EQ(subject.refine({}, 2).at(0).reason, "its input holds NaN or infinity");
  subject.show({});
  EXPECT_EQ(subject.refine().at(0).reason, "it has seen no data");
}

TEST(RefineWeights, RefusesMoreRowsThanCanBeAddedUp) {
  const Samples samples = pictures(1, 1);
  Subject subject(network(), samples);
  EXPECT_THROW(subject.refine({.samples = 1000, .rows = 1000}), std::invalid_argument);
}

TEST(RefineWeights, RowsThatOnlyJudgeKeepWhatWouldBeWorse) {
  // Three samples to learn from that say nothing of the one that judges.
  OnnxBuilder b;
  b.input("x", {1, 40});
  b.weights("w", {40, 8});
  b.node("MatMul", {"x", "w"}, {"y"});
  b.output("y", {1, 8});
  Samples samples;
  for (size_t i = 0; i < 4; ++i) {
    std::vector<float> values(40, i == 3 ? 0.0f : 1.0f);
    for (size_t k = 0; k < 40; ++k) {
      if (i == 3) values[k] = k % 2 == 0 ? 1.0f : -1.0f;
    }
    samples.push_back({{"x", tensor::Tensor::from_floats({1, 40}, values)}});
  }
  Subject subject(b, samples);
  const auto before = subject.codes();
  const auto nodes = subject.refine();
  EXPECT_EQ(nodes[0].reason, "other codes are no better on samples that were kept back");
  EXPECT_EQ(nodes[0].error_after, nodes[0].error_before);
  EXPECT_EQ(subject.codes(), before);
}

// ---- The guard against 16-bit saturation ----

/// New codes for a node whose pairs are all at their limit.
passes::QuantizedWeight refined(const test_support::KernelCase& c) {
  OnnxBuilder b = test_support::weighted_model(c);
  const targets::Target& target = targets::find_target("ort-cpu");
  b.input("x", c.input);
  b.graph().add_output()->set_name("y");
  graph::Graph graph(b.model());
  const onnx::NodeProto& node = graph.message().node(0);
  passes::QuantizedWeight weight = passes::quantize_weight(graph, node, 1, target);
  std::mt19937 random(4);
  std::normal_distribution<float> normal;
  // Three, none of which judges.
  Samples samples;
  for (int i = 0; i < 3; ++i) {
    tensor::Tensor x(tensor::ElementType::kFloat32, c.input);
    const float common = normal(random);
    for (float& value : x.floats()) value = std::abs(60 * (common + normal(random)));
    samples.push_back({{"x", x}});
  }
  const engine::ModelSource source(graph::serialize(b.model()), "");
  const auto nodes = refine_weights(graph, source, {{&node, {1, 0}, &weight}}, target,
                                    [&] { return feed(samples); }, {.jobs = 1}, {});
  EXPECT_EQ(nodes[0].reason, "") << test_support::name_of(c);
  return weight;
}

TEST(Saturation, RefinedWeightsKeepEveryPairInRange) {
  for (const test_support::KernelCase& c : test_support::kernel_cases()) {
    OnnxBuilder b = test_support::weighted_model(c);
    const auto layout = passes::weight_layout(b.graph().node(0), c.weight);
    if (!layout.adds_pairs) continue;
    const std::vector<int8_t> codes = layout.arrange(refined(c).codes);
    for (size_t dot = 0; dot < codes.size(); dot += layout.dot_size) {
      for (size_t k = dot; k + 1 < dot + layout.dot_size; k += 2) {
        const int sum = codes[k] + codes[k + 1];
        ASSERT_LE(std::abs(sum), passes::kLargestPairSum) << test_support::name_of(c);
      }
    }
  }
}

TEST(Saturation, RefinedWeightsGiveExactSumsOnAnyProcessor) {
  for (const test_support::KernelCase& c : test_support::kernel_cases()) {
    EXPECT_EQ(test_support::count_differences(c, refined(c).codes), 0u) << test_support::name_of(c);
  }
}

}  // namespace
}  // namespace rangefinder::refine
