#include "workflow/smooth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "data/npy.h"
#include "engine/temporary_folder.h"
#include "report/summary.h"
#include "support/small_transformer.h"
#include "workflow/compare.h"
#include "workflow/quantize.h"

namespace rangefinder::workflow {
namespace {

using test_support::SmallTransformer;
using testing::HasSubstr;
using testing::IsEmpty;

class SmoothTest : public testing::Test {
 protected:
  SmoothTest() {
    write_samples("samples", 0, 24);
    write_samples("unseen", 100, 16);
  }

  std::filesystem::path file(const std::string& name) const { return folder_.path() / name; }

  void write_samples(const std::string& folder, size_t first, size_t count) const {
    std::filesystem::create_directories(file(folder));
    for (size_t i = first; i < first + count; ++i) {
      const auto x = tensor::Tensor::from_floats(
          {1, SmallTransformer::kTokens, SmallTransformer::kWidth}, SmallTransformer::sample(i));
      data::write_npy(file(folder) / (std::to_string(i) + ".npy"), x.view());
    }
  }

  QuantizeRequest request(const SmallTransformer& network) const {
    write_file(file("net.onnx"), network.build().bytes());
    QuantizeRequest request{.model = file("net.onnx"), .samples = open_input({file("samples")})};
    request.plan.target = &targets::find_target("ort-cpu");
    request.split.most_held_out = 0;
    request.run.jobs = 1;
    return request;
  }

  SolveRequest solve_request(const QuantizeRequest& request,
                             statistics::StatisticsFile statistics) const {
    SolveRequest solved{.model = request.model,
                        .statistics = std::move(statistics),
                        .plan = request.plan,
                        .calibration = request.calibration,
                        .effort = request.effort};
    solved.run.jobs = 1;
    return solved;
  }

  /// From statistics that cannot tell how to smooth.
  Quantized without_smoothing(const QuantizeRequest& request) const {
    auto statistics = quantize(request).statistics;
    for (auto& tensor : statistics.tensors) tensor.spread.reset();
    return solve(solve_request(request, std::move(statistics)));
  }

  /// For a network between whose convolutions some channels are so many times as large as others.
  QuantizeRequest mobile_request(float outlier) const {
    write_file(file("net.onnx"), mobile_network(outlier).bytes());
    std::filesystem::remove_all(file("unseen"));
    for (const auto& [folder, first] : {std::pair("pictures", 0), std::pair("unseen", 100)}) {
      std::filesystem::create_directories(file(folder));
      for (int i = first; i < first + 24; ++i) {
        const auto x = tensor::Tensor::from_floats({1, 3, 16, 16}, picture(i));
        data::write_npy(file(folder) / (std::to_string(i) + ".npy"), x.view());
      }
    }
    QuantizeRequest request{.model = file("net.onnx"), .samples = open_input({file("pictures")})};
    request.plan.target = &targets::find_target("ort-cpu");
    request.split.most_held_out = 0;
    request.run.jobs = 1;
    return request;
  }

  static std::vector<float> picture(int index) {
    std::vector<float> values;
    for (int i = 0; i < 3 * 16 * 16; ++i) {
      const double at = i + 389.0 * index;
      values.push_back(static_cast<float>(std::sin(12.9898 * at) + std::sin(0.7 * at * at)));
    }
    return values;
  }

  /// x -> wide -> Relu -> by channel -> Relu -> narrow -> + x' -> last -> y
  static test_support::OnnxBuilder mobile_network(float outlier) {
    constexpr size_t kWide = 24;
    test_support::OnnxBuilder b;
    const auto weights = [&](const char* name, const std::vector<int64_t>& shape, size_t seed,
                             const std::function<float(size_t)>& factor) {
      std::vector<float> values(static_cast<size_t>(tensor::element_count(shape)));
      for (size_t i = 0; i < values.size(); ++i) {
        values[i] = std::sin(static_cast<float>(7 * seed + 3) * static_cast<float>(i + 1));
        values[i] *= factor(i);
      }
      b.initializer(name, shape, values);
    };
    const auto size = [=](size_t c) { return c % 8 == 3 ? outlier : 1.0f; };
    b.input("x", {1, 3, 16, 16});
    weights("w0", {6, 3, 3, 3}, 1, [](size_t) { return 0.2f; });
    weights("w1", {kWide, 6, 1, 1}, 2, [&](size_t i) { return size(i / 6) / 3; });
    weights("w2", {kWide, 1, 3, 3}, 3, [](size_t) { return 0.4f; });
    weights("w3", {6, kWide, 1, 1}, 4, [&](size_t i) { return 3 / size(i % kWide); });
    weights("w4", {4, 6, 1, 1}, 5, [](size_t) { return 0.5f; });
    b.node("Conv", {"x", "w0"}, {"c0"}).ints("pads", {1, 1, 1, 1});
    b.node("Conv", {"c0", "w1"}, {"c1"});
    b.node("Relu", {"c1"}, {"r1"});
    b.node("Conv", {"r1", "w2"}, {"c2"}).integer("group", kWide).ints("pads", {1, 1, 1, 1});
    b.node("Relu", {"c2"}, {"r2"});
    b.node("Conv", {"r2", "w3"}, {"c3"});
    b.node("Add", {"c0", "c3"}, {"s"});
    b.node("Conv", {"s", "w4"}, {"y"});
    b.output("y", {1, 4, 16, 16});
    return b;
  }

  /// SQNR of the output on samples that nothing was calibrated on, in dB.
  double unseen_db(const Quantized& quantized) const {
    return compare({.float_model = file("net.onnx"),
                    .quantized_model = quantized.model,
                    .samples = open_input({file("unseen")})})
        .outputs.at(0)
        .sqnr_db;
  }

 private:
  engine::TemporaryFolder folder_;
};

constexpr float kOutlier = 40;

TEST_F(SmoothTest, OutlierChannelsCostLittleAfterwards) {
  for (const bool is_pre_norm : {true, false}) {
    for (const bool has_operator : {true, false}) {
      const auto wanted = request({is_pre_norm, has_operator, kOutlier, !has_operator});
      const Quantized smooth = quantize(wanted);
      ASSERT_EQ(smooth.summary.smoothings.size(), 2u);
      for (const auto& row : smooth.summary.smoothings) {
        EXPECT_TRUE(row.is_smoothed) << row.reason;
        EXPECT_EQ(row.adds_node, !is_pre_norm);
        EXPECT_GT(row.gain_db, 6);
        EXPECT_EQ(row.reason, "");
      }
      EXPECT_EQ(smooth.summary.integer_nodes, smooth.summary.eligible_nodes);
      EXPECT_GT(unseen_db(smooth), unseen_db(without_smoothing(wanted)) + 3)
          << is_pre_norm << has_operator;
    }
  }
}

TEST_F(SmoothTest, NetworksWithoutOutliersLoseNothing) {
  for (const bool is_pre_norm : {true, false}) {
    const auto wanted = request({is_pre_norm, true, 1});
    EXPECT_GT(unseen_db(quantize(wanted)), unseen_db(without_smoothing(wanted)) - 0.5)
        << is_pre_norm;
  }
}

TEST_F(SmoothTest, SolvingFromStatisticsGivesTheSame) {
  for (const bool is_pre_norm : {true, false}) {
    const auto wanted = request({is_pre_norm, true, kOutlier});
    const Quantized at_once = quantize(wanted);
    const auto parsed =
        statistics::parse_statistics(statistics::serialize(at_once.statistics), "f");
    const Quantized later = solve(solve_request(wanted, parsed));
    EXPECT_EQ(later.model.bytes, at_once.model.bytes);
    EXPECT_EQ(report::to_json(later.summary)["smoothings"],
              report::to_json(at_once.summary)["smoothings"]);
  }
}

TEST_F(SmoothTest, IsTheSameForAnyNumberOfJobs) {
  auto wanted = request({false, false, kOutlier});
  const Quantized one = quantize(wanted);
  wanted.run.jobs = 2;
  const Quantized two = quantize(wanted);
  EXPECT_EQ(one.model.bytes, two.model.bytes);
  EXPECT_EQ(one.statistics, two.statistics);
}

TEST_F(SmoothTest, ScalesChannelsBetweenConvolutions) {
  const auto wanted = mobile_request(80);
  const Quantized scaled = quantize(wanted);
  const auto& rows = scaled.summary.smoothings;
  ASSERT_EQ(rows.size(), 3u) << "c0 with s, r1 and r2";
  EXPECT_THAT(rows[1].tensors, testing::ElementsAre("c1", "r1"));
  for (const auto& row : rows) EXPECT_FALSE(row.is_norm);
  EXPECT_TRUE(rows[1].is_smoothed) << rows[1].reason;
  EXPECT_TRUE(rows[2].is_smoothed) << rows[2].reason;
  EXPECT_EQ(scaled.summary.integer_nodes, scaled.summary.eligible_nodes);
  EXPECT_GT(unseen_db(scaled), unseen_db(without_smoothing(wanted)) + 3);
  const auto parsed = statistics::parse_statistics(statistics::serialize(scaled.statistics), "f");
  EXPECT_EQ(solve(solve_request(wanted, parsed)).model.bytes, scaled.model.bytes);
}

TEST_F(SmoothTest, LeavesConvolutionsAloneWhoseChannelsAreAlike) {
  const auto wanted = mobile_request(1);
  const Quantized plain = quantize(wanted);
  EXPECT_GT(unseen_db(plain), unseen_db(without_smoothing(wanted)) - 0.5);
}

/// What held-out samples show of a range is told of the tensor as it is quantized.
TEST_F(SmoothTest, HeldOutRangesAreThoseOfScaledChannels) {
  auto wanted = mobile_request(80);
  wanted.split.most_held_out = 8;
  const Quantized scaled = quantize(wanted);
  size_t told = 0;
  for (const auto& tensor : scaled.summary.tensors) {
    if (tensor.name != "r1" && tensor.name != "r2") continue;
    ++told;
    ASSERT_TRUE(tensor.sqnr_db && tensor.held_out_sqnr_db) << tensor.name;
    EXPECT_NEAR(*tensor.held_out_sqnr_db, *tensor.sqnr_db, 3) << tensor.name;
    EXPECT_LT(*tensor.held_out_clipped_share, 0.02) << tensor.name;
  }
  EXPECT_EQ(told, 2u);
}

TEST_F(SmoothTest, FastLeavesNormsAlone) {
  auto wanted = request({true, true, kOutlier});
  wanted.effort = Effort::kFast;
  const Quantized fast = quantize(wanted);
  EXPECT_THAT(fast.summary.smoothings, IsEmpty());
  for (const auto& tensor : fast.statistics.tensors) EXPECT_FALSE(tensor.spread);
}

TEST_F(SmoothTest, ThoroughRoundsTheWeightsOfTheSmoothedModel) {
  auto wanted = request({false, true, kOutlier});
  const double plain = unseen_db(without_smoothing(wanted));
  wanted.effort = Effort::kThorough;
  const Quantized thorough = quantize(wanted);
  EXPECT_TRUE(thorough.summary.smoothings.at(0).is_smoothed);
  EXPECT_GT(unseen_db(thorough), plain + 3);
}

TEST_F(SmoothTest, LeavesTensorsAloneWhoseMethodSeesMoreThanCounts) {
  auto wanted = request({false, true, kOutlier});
  wanted.calibration.method_for = {{"n1", "mean-minmax"}};
  const auto rows = quantize(wanted).summary.smoothings;
  EXPECT_FALSE(rows.at(0).is_smoothed);
  EXPECT_THAT(rows.at(0).reason, HasSubstr("'mean-minmax' must see more than counts"));
  EXPECT_TRUE(rows.at(1).is_smoothed);
}

TEST_F(SmoothTest, NamesOfTheFileHoldForTheTensorBesideIt) {
  auto wanted = request({false, true, kOutlier});
  wanted.calibration.method_for = {{"n1", "minmax"}};
  const Quantized quantized = quantize(wanted);
  EXPECT_TRUE(quantized.summary.smoothings.at(0).is_smoothed);
  const auto& rows = quantized.summary.tensors;
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [](const auto& tensor) { return tensor.name == "n1_smoothed"; });
  ASSERT_NE(row, rows.end());
  EXPECT_EQ(row->method, "minmax");
}

TEST_F(SmoothTest, ExcludedNodesReadTheSameValues) {
  for (const bool is_pre_norm : {true, false}) {
    auto wanted = request({is_pre_norm, true, kOutlier});
    wanted.plan.exclude = {"key", "wide"};
    const Quantized quantized = quantize(wanted);
    ASSERT_EQ(quantized.summary.smoothings.size(), 1u);
    EXPECT_TRUE(quantized.summary.smoothings[0].is_smoothed);
    EXPECT_GT(unseen_db(quantized), unseen_db(without_smoothing(wanted)) + 1);
  }
}

}  // namespace
}  // namespace rangefinder::workflow
