#include "rangefinder/calibrate_tensor.h"

#include <array>
#include <stdexcept>

#include "api/fixture.h"

namespace rangefinder {
namespace {

using testing::HasSubstr;

NamedTensors batch(std::array<float, 3> values) { return {{"", Tensor::from_floats({3}, values)}}; }

TEST(CalibrateTensorApi, SolvesFromMemory) {
  const auto batches = SampleSource::from_memory({batch({-1, 0, 3}), batch({254, 2, 1})});
  const auto config = TensorQuantizationConfig::linear(Symmetry::kAsymmetric);
  const TensorCalibration found =
      calibrate_tensor(batches, config, {.method = {.name = "minmax"}, .measure = true});
  EXPECT_EQ(found.config.state(), State::kActivated);
  EXPECT_EQ(found.config.scale.at(0), 1);
  EXPECT_EQ(found.config.offset.at(0), 1);
  EXPECT_EQ(found.count, 6u);
  EXPECT_EQ(found.error->mse, 0);
  EXPECT_THAT(found.json(), HasSubstr("\"scale\":[1.0]"));
}

TEST(CalibrateTensorApi, AStreamPassesByOnce) {
  const auto once = [](int count) {
    return SampleSource::from_generator([count]() mutable -> std::optional<NamedTensors> {
      if (count-- == 0) return std::nullopt;
      return batch({1, 2, 3});
    });
  };
  const auto config = TensorQuantizationConfig::linear(Symmetry::kAsymmetric);
  EXPECT_EQ(calibrate_tensor(once(20), config).count, 60u) << "none is held out";
  EXPECT_THROW(calibrate_tensor(once(2), config, {.measure = true}), Error);
  EXPECT_THROW(calibrate_tensor(once(2), config, {.method = {.name = "entropy"}}),
               std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder
