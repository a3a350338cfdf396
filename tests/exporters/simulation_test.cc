#include "exporters/simulation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/packed_model.h"
#include "engine/switches.h"
#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::exporters {
namespace {

using tensor::NamedTensors;
using test_support::OnnxBuilder;

/// Two convolutions with a sum between, and a Gemm with factors.
OnnxBuilder network() {
  OnnxBuilder b;
  b.input("x", {2, 3, 6, 6});
  b.weights("w0", {8, 3, 3, 3}, 0.3f);
  b.weights("b0", {8}, 0.2f);
  b.node("Conv", {"x", "w0", "b0"}, {"c0"}).ints("pads", {1, 1, 1, 1});
  b.node("Relu", {"c0"}, {"r0"});
  b.weights("w1", {8, 8, 1, 1}, 0.4f);
  b.node("Conv", {"r0", "w1"}, {"c1"});
  b.node("Add", {"r0", "c1"}, {"sum"});
  b.node("GlobalAveragePool", {"sum"}, {"mean"});
  b.node("Flatten", {"mean"}, {"flat"});
  b.weights("w2", {8, 5}, 0.5f);
  b.weights("b2", {5}, 0.3f);
  b.node("Gemm", {"flat", "w2", "b2"}, {"y"}).real("alpha", 0.5f).real("beta", 2);
  b.output("y", {2, 5});
  return b;
}

class SimulationTest : public testing::Test {
 protected:
  SimulationTest() {
    OnnxBuilder b = network();
    for (unsigned seed = 0; seed < 4; ++seed) {
      samples_.push_back(test_support::random_sample(b.model(), seed));
    }
    quantized_ = test_support::quantize(b.model(), samples_);
    onnx::ModelProto model = quantized_.prepared.model;
    graph::Graph graph(model);
    const auto& target = targets::find_target("ort-cpu");
    atoms_ = passes::find_atoms(graph, quantized_.annotation, target);
    session_.emplace(
        engine::pack_model(write_simulation(quantized_.prepared.model, quantized_.annotation,
                                            quantized_.solved, quantized_.weights, atoms_),
                           "", quantized_.prepared.held),
        engine::SessionOptions{.has_switches = true});
  }

  /// The quantized model with this atom alone in integers.
  onnx::ModelProto alone(size_t atom) const {
    std::vector<std::string> others;
    for (size_t i = 0; i < atoms_.size(); ++i) {
      if (i != atom) others.insert(others.end(), atoms_[i].nodes.begin(), atoms_[i].nodes.end());
    }
    OnnxBuilder b = network();
    return test_support::quantize(b.model(), samples_, "ort-cpu", others).model;
  }

  test_support::Samples samples_;
  test_support::QuantizedModel quantized_;
  std::vector<passes::Atom> atoms_;
  std::optional<engine::Session> session_;
};

TEST_F(SimulationTest, WithoutASwitchItIsTheFloatModel) {
  for (const auto& sample : samples_) {
    const auto real = test_support::run(quantized_.prepared.model, sample).at("y");
    EXPECT_LT(test_support::largest_difference(session_->run(sample).at("y"), real), 1e-5);
  }
}

TEST_F(SimulationTest, ASwitchRoundsWhatThatAtomRoundsAlone) {
  ASSERT_EQ(atoms_.size(), 3u);
  for (const size_t atom : {0, 2}) {
    ASSERT_EQ(atoms_[atom].nodes.size(), 1u);
    const onnx::ModelProto model = alone(atom);
    for (const auto& sample : samples_) {
      const auto real = test_support::run(quantized_.prepared.model, sample).at("y");
      const auto rounded = test_support::run(model, sample).at("y");
      const engine::SwitchedOn scope(atom);
      const auto simulated = session_->run(sample).at("y");
      EXPECT_GT(test_support::largest_difference(simulated, real), 1e-4) << atom;
      // A sum in another order may round to the neighbouring code.
      EXPECT_GT(test_support::sqnr_db(rounded, simulated),
                10 + test_support::sqnr_db(rounded, real))
          << atom;
    }
  }
}

/// Alone, a sum computes in float: nobody wants its codes. While its switch is on it is rounded.
TEST_F(SimulationTest, ASwitchRoundsArithmeticThatFollows) {
  const onnx::ModelProto model = alone(1);
  for (const auto& sample : samples_) {
    const auto real = test_support::run(quantized_.prepared.model, sample).at("y");
    const auto rounded = test_support::run(model, sample).at("y");
    const engine::SwitchedOn scope(1);
    const auto simulated = session_->run(sample).at("y");
    EXPECT_LT(test_support::sqnr_db(real, simulated), test_support::sqnr_db(real, rounded));
    EXPECT_GT(test_support::sqnr_db(real, simulated), 30);
  }
}

/// Where arithmetic reads constants as codes, those are rounded, too: of a network with one atom
/// nothing is left out then.
TEST(Simulation, ConstantsBesideCodesAreRoundedAsTheTargetHasThem) {
  OnnxBuilder b;
  b.input("x", {2, 3, 6, 6});
  b.weights("w0", {4, 3, 1, 1}, 0.3f);
  b.node("Conv", {"x", "w0"}, {"c"});
  b.node("Sigmoid", {"c"}, {"g"});
  b.initializer("shift", {4, 1, 1}, std::vector<float>{7.31f, 0.317f, 1.113f, 0.019f});
  b.node("Sub", {"g", "shift"}, {"y"});
  b.output("y", {2, 4, 6, 6});
  test_support::Samples samples;
  for (unsigned seed = 0; seed < 4; ++seed) {
    samples.push_back(test_support::random_sample(b.model(), seed));
  }
  const auto quantized = test_support::quantize(b.model(), samples, "qnn");
  onnx::ModelProto model = quantized.prepared.model;
  graph::Graph graph(model);
  const auto& target = targets::find_target("qnn");
  const auto atoms = passes::find_atoms(graph, quantized.annotation, target);
  ASSERT_EQ(atoms.size(), 1u);
  engine::Session session(
      engine::pack_model(write_simulation(quantized.prepared.model, quantized.annotation,
                                          quantized.solved, quantized.weights, atoms, target),
                         "", quantized.prepared.held),
      engine::SessionOptions{.has_switches = true});
  for (const auto& sample : samples) {
    const auto real = test_support::run(quantized.prepared.model, sample).at("y");
    const auto rounded = test_support::run(quantized.model, sample).at("y");
    EXPECT_LT(test_support::largest_difference(session.run(sample).at("y"), real), 1e-5);
    const engine::SwitchedOn scope(0);
    EXPECT_GT(test_support::sqnr_db(rounded, session.run(sample).at("y")),
              10 + test_support::sqnr_db(rounded, real));
  }
}

}  // namespace
}  // namespace rangefinder::exporters
