#include "observers/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "observers/registry.h"
#include "support/streams.h"

namespace rangefinder::observers {
namespace {

using Config = quantization::TensorQuantizationConfig;

const Config kConfig = Config::linear(quantization::Symmetry::kSymmetric);

// Writes down what it is shown.
class Recorder : public Observer {
 public:
  Recorder(Needs needs, std::vector<std::string>& log) : needs_(needs), log_(log) {}
  Needs needs() const override { return needs_; }
  void begin_pass(size_t pass) override { log_.push_back("pass " + std::to_string(pass)); }
  void observe(const tensor::TensorView& batch) override {
    log_.push_back(std::to_string(batch.element_count()));
  }
  Solution solve(const Observations& seen) override {
    log_.push_back("solve " + std::to_string(seen.channels.empty() ? 0 : seen.channels[0].count()));
    return {};
  }

 private:
  Needs needs_;
  std::vector<std::string>& log_;
};

std::vector<std::string> log_of(Needs needs) {
  const std::vector<tensor::Tensor> batches = {support::stream_batch("normal", 1, {3}),
                                               support::stream_batch("normal", 2, {5})};
  std::vector<std::string> log;
  Recorder recorder(needs, log);
  run(recorder, kConfig, batches);
  return log;
}

TEST(Run, ShowsStatisticsOnly) { EXPECT_THAT(log_of({}), testing::ElementsAre("solve 8")); }

TEST(Run, ShowsEveryRawPassInOrder) {
  EXPECT_THAT(log_of({.statistics = false, .raw_pass_count = 2}),
              testing::ElementsAre("pass 0", "3", "5", "pass 1", "3", "5", "solve 0"));
}

TEST(Run, GathersStatisticsOnceBesideRawPasses) {
  EXPECT_THAT(log_of({.statistics = true, .raw_pass_count = 2}),
              testing::ElementsAre("pass 0", "3", "5", "pass 1", "3", "5", "solve 8"));
}

TEST(Run, SolvesTheSameForAnySplitAndOrder) {
  const tensor::Tensor whole = support::stream_batch("normal", 1, {60});
  std::vector<tensor::Tensor> parts;
  for (const size_t begin : {40, 0, 20}) {
    parts.push_back(tensor::Tensor::from_floats({20}, whole.floats().subspan(begin, 20)));
  }
  for (const char* method : {"minmax", "percentile"}) {
    const auto observer = registry().create(method, kConfig);
    EXPECT_EQ(run(*observer, kConfig, std::span(&whole, 1)).parameters,
              run(*observer, kConfig, parts).parameters);
  }
}

}  // namespace
}  // namespace rangefinder::observers
