#include "observers/laws.h"

#include <gtest/gtest.h>

#include "observers/plugin.h"
#include "observers/ppq/methods.h"
#include "observers/registry.h"
#include "support/streams.h"

namespace rangefinder::observers {
namespace {

using Batches = std::vector<tensor::Tensor>;
using Config = quantization::TensorQuantizationConfig;

const Config kConfig = Config::linear(quantization::Symmetry::kSymmetric);

Batches batches() { return support::stream_batches("cubed", 21, {8, 30}, 4); }

void expect_word_kept(const Registry& methods, const std::string& method) {
  const auto make = [&] { return methods.create(method, kConfig); };
  const Laws claimed = make()->laws();
  const Laws kept = check_laws(make, kConfig, batches());
  EXPECT_TRUE(keeps_its_word(claimed, kept))
      << method << " claims split " << claimed.split << " merge " << claimed.merge << " empty "
      << claimed.empty << " order " << claimed.order << ", kept " << kept.split << kept.merge
      << kept.empty << kept.order;
}

TEST(Laws, EveryBuiltInKeepsItsWord) {
  for (const char* method :
       {"isotone", "kl", "minmax", "mse", "percentile", "std", "mean-minmax", "mean-percentile"}) {
    expect_word_kept(registry(), method);
  }
}

TEST(Laws, EveryPpqMethodKeepsItsWord) {
  for (const std::string& method : ppq::registry().names()) {
    expect_word_kept(ppq::registry(), method);
  }
}

TEST(Laws, TheExamplePluginKeepsItsWord) {
  Registry plugins;
  for (const std::string& method : load_plugin(EXAMPLE_PLUGIN, plugins)) {
    expect_word_kept(plugins, method);
  }
}

TEST(Laws, PpqsPercentileDependsOnTheSplitOfTheBatches) {
  const auto make = [] { return ppq::registry().create("percentile", kConfig); };
  const Laws kept = check_laws(make, kConfig, batches());
  EXPECT_FALSE(kept.split);
  EXPECT_FALSE(kept.merge);
  EXPECT_FALSE(kept.empty);
}

// Claims all laws and obeys none: the checker must see through it.
class Liar : public Observer {
 public:
  Needs needs() const override { return {.statistics = false, .raw_pass_count = 1}; }
  void observe(const tensor::TensorView& batch) override {
    scale_ = scale_ * 0.5f + static_cast<float>(batch.element_count());
    if (!batch.floats().empty()) scale_ += batch.floats()[0];
  }
  void merge(const Observer&) override {}
  Solution solve(const Observations&) override { return {.parameters = {{scale_, 0}}}; }

 private:
  float scale_ = 1;
};

TEST(Laws, ALiarIsFoundOut) {
  const auto make = [] { return std::make_unique<Liar>(); };
  const Laws kept = check_laws(make, kConfig, batches());
  EXPECT_EQ(kept, (Laws{.split = false, .merge = false, .empty = false, .order = false}));
  EXPECT_FALSE(keeps_its_word(make()->laws(), kept));
}

}  // namespace
}  // namespace rangefinder::observers
