#include "engine/latency.h"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <vector>

#include "base/error.h"
#include "engine/instrument.h"
#include "engine/observe_slots.h"
#include "support/onnx_builder.h"

namespace rangefinder::engine {
namespace {

using tensor::Tensor;
using test_support::OnnxBuilder;

/// `layers` products of a 96 x 96 matrix.
ModelSource products(int layers) {
  OnnxBuilder b;
  b.input("x", {96, 96});
  b.weights("w", {96, 96}, 0.1f);
  std::string x = "x";
  for (int i = 0; i < layers; ++i) {
    const std::string y = "y" + std::to_string(i);
    b.node("MatMul", {x, "w"}, {y});
    x = y;
  }
  b.output(x, {96, 96});
  return {b.bytes(), "products.onnx"};
}

const tensor::NamedTensors kSample = {{"", Tensor(tensor::ElementType::kFloat32, {96, 96})}};

TEST(Latency, MoreWorkTakesLonger) {
  const std::array models = {products(1), products(40)};
  const auto seconds = median_latency(models, kSample, "", {.seconds = 0.05});
  ASSERT_EQ(seconds.size(), 2u);
  EXPECT_GT(seconds[0], 0);
  EXPECT_GT(seconds[1], 4 * seconds[0]);
}

TEST(Latency, OpenSessionsTakeTurnsAsOftenAsAsked) {
  Session few(products(1));
  Session many(products(40));
  const std::array sessions = {&few, &many};
  const auto latency =
      median_latency(sessions, kSample, "", {.least_runs = 7, .most_runs = 7, .seconds = 0});
  EXPECT_EQ(latency.runs, 7u);
  ASSERT_EQ(latency.seconds.size(), 2u);
  EXPECT_GT(latency.seconds[1], 4 * latency.seconds[0]);
}

/// How often a model was run.
class RunCounter : public ObserveSink {
 public:
  void count(const ObserveTarget&, const tensor::TensorView&) override { ++runs; }
  size_t runs = 0;
};

TEST(Latency, WarmUpRunsAreAsManyAsAsked) {
  for (const size_t warm_up_runs : {0u, 1u, 2u}) {
    RunCounter counter;
    const std::vector<ObservedTensor> tensors = {{.name = "y0"}};
    const InstrumentedModel model = instrument_plainly(products(1), tensors);
    Session session(model.model, session_options(model, counter));
    const std::array sessions = {&session};
    const auto latency = median_latency(
        sessions, kSample, "",
        {.warm_up_runs = warm_up_runs, .least_runs = 3, .most_runs = 3, .seconds = 0});
    EXPECT_EQ(latency.runs, 3u);
    EXPECT_EQ(counter.runs, warm_up_runs + 3);
  }
}

TEST(Latency, MisuseAndSamplesThatDoNotFit) {
  const std::array models = {products(1)};
  EXPECT_THROW(median_latency(models, kSample, "", {.least_runs = 0}), std::invalid_argument);
  EXPECT_THROW(median_latency(models, kSample, "", {.least_runs = 5, .most_runs = 4}),
               std::invalid_argument);
  EXPECT_THROW(median_latency(models, {}, "none.npz"), Error);
  EXPECT_TRUE(median_latency(std::span<const ModelSource>(), kSample).empty());
}

}  // namespace
}  // namespace rangefinder::engine
