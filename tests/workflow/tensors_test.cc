#include "workflow/tensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/error.h"
#include "data/npy.h"

namespace rangefinder::workflow {
namespace {

class CalibrateTensors : public testing::Test {
 protected:
  CalibrateTensors() {
    std::string name = (std::filesystem::temp_directory_path() / "rangefinder_XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~CalibrateTensors() override { std::filesystem::remove_all(folder_); }

  TensorsRequest request(const std::vector<std::vector<float>>& batches) const {
    TensorsRequest result;
    result.config =
        quantization::TensorQuantizationConfig::linear(quantization::Symmetry::kAsymmetric);
    std::vector<std::filesystem::path> files;
    for (size_t i = 0; i < batches.size(); ++i) {
      files.push_back(folder_ / (std::to_string(i) + ".npy"));
      const auto count = static_cast<int64_t>(batches[i].size());
      data::write_npy(files.back(), tensor::Tensor::from_floats({count}, batches[i]).view());
    }
    result.batches = open_input(files);
    return result;
  }

  std::filesystem::path folder_;
};

TEST_F(CalibrateTensors, SolvesAndCounts) {
  TensorsRequest wanted = request({{-1, 0}, {254}});
  wanted.method = "MinMax";
  wanted.measure = true;
  const TensorCalibration found = calibrate_tensors(wanted);
  EXPECT_EQ(found.method, "minmax");
  EXPECT_THAT(found.config.scale, testing::ElementsAre(1));
  EXPECT_THAT(found.config.offset, testing::ElementsAre(1));
  EXPECT_THAT(found.range, testing::ElementsAre(std::pair(-1.0, 254.0)));
  EXPECT_EQ(found.count, 3u);
  EXPECT_EQ(found.pass_count, 1u);
  EXPECT_EQ(found.error->mse, 0);
}

TEST_F(CalibrateTensors, PassesOfACompatibleMethodAreCounted) {
  TensorsRequest wanted = request({{-1, 0}, {254}});
  wanted.config =
      quantization::TensorQuantizationConfig::linear(quantization::Symmetry::kSymmetric);
  wanted.like_ppq = true;
  EXPECT_EQ(calibrate_tensors(wanted).pass_count, 2u);
}

TEST_F(CalibrateTensors, ErrorsNameTheFile) {
  TensorsRequest wanted = request({{1}, {std::nanf("")}});
  try {
    calibrate_tensors(wanted);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.place().file, (folder_ / "1.npy").string());
  }
}

TEST_F(CalibrateTensors, RequestsThatContradictThemselvesAreMisuse) {
  EXPECT_THROW(calibrate_tensors({}), std::invalid_argument);
  TensorsRequest wanted = request({{1}});
  wanted.config.quant_max = 1000;
  EXPECT_THROW(calibrate_tensors(wanted), std::invalid_argument);
}

TEST(TensorCalibrationJson, WritesNullForWhatIsNoNumber) {
  TensorCalibration result{.method = "minmax"};
  result.config.activate({0.1f}, {0});
  result.error = RestorationError{.sqnr_db = std::numeric_limits<double>::infinity()};
  const auto json = to_json(result);
  EXPECT_EQ(json["scale"][0].get<float>(), 0.1f);
  EXPECT_TRUE(json["min"].is_null());
  EXPECT_TRUE(json["error"]["sqnr_db"].is_null());
  EXPECT_FALSE(json.contains("figures"));
  EXPECT_FALSE(json.contains("channel_axis"));
}

}  // namespace
}  // namespace rangefinder::workflow
