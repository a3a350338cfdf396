#include "rangefinder/import_cache.h"

#include <fstream>
#include <stdexcept>

#include "api/fixture.h"
#include "support/integer_kernels.h"

namespace rangefinder {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ImportCacheApi : public ApiTest {
 protected:
  std::filesystem::path cache(const std::string& text) const {
    std::ofstream(file("c.cache"), std::ios::binary) << text;
    return file("c.cache");
  }
};

/// Out by one way and in by the other: the scales come back.
TEST_F(ImportCacheApi, TakesWhatExportTableWrote) {
  const QuantizedModel quantized = quantize(model(), memory(6));
  export_table(
      quantized.model(),
      {.format = "tensorrt-cache", .trt_version = "10.3.0", .output = file("calibration.cache")});
  const ImportedCache imported =
      import_cache(file("calibration.cache"), model(), {.output = file("int8.onnx")});
  EXPECT_EQ(imported.report.int8_count, 3);
  EXPECT_THAT(imported.report.missing, IsEmpty());
  for (const auto& row : imported.report.tensors) {
    for (const auto& tensor : quantized.summary().tensors) {
      if (tensor.name != row.name) continue;
      const double largest = std::max(std::abs(tensor.range_min), std::abs(tensor.range_max));
      EXPECT_NEAR(row.scale, largest / 127, largest * 1e-6) << row.name;
    }
  }
}

TEST_F(ImportCacheApi, ComputesWhatTheFloatModelDoes) {
  if (!test_support::has_exact_dot_products()) {
    GTEST_SKIP() << "products of such a model saturate on this processor";
  }
  const QuantizedModel quantized = quantize(model(), memory(6));
  export_table(
      quantized.model(),
      {.format = "tensorrt-cache", .trt_version = "10.3.0", .output = file("calibration.cache")});
  import_cache(file("calibration.cache"), model(), {.output = file("int8.onnx")});
  const auto sample = pictures(1)[0];
  const auto before = model().run(sample).at("y");
  const auto after = Model::load(file("int8.onnx")).run(sample).at("y");
  double error = 0;
  double power = 0;
  for (size_t i = 0; i < before.element_count(); ++i) {
    error += std::pow(before.floats()[i] - after.floats()[i], 2);
    power += std::pow(before.floats()[i], 2);
  }
  EXPECT_LT(error, power / 100);
}

TEST_F(ImportCacheApi, MissingTensorsAreCalibratedOnSamplesOfAnyKind) {
  const auto file = cache("TRT-8601-EntropyCalibration2\nx: 3d000000\n");
  EXPECT_THAT(import_cache(file, model()).report.missing, testing::SizeIs(testing::Gt(1)));
  const ImportedCache imported =
      import_cache(file, model(), {.missing_data = generator(5), .samples = 3});
  EXPECT_THAT(imported.report.missing, IsEmpty());
  EXPECT_EQ(imported.report.tensors.back().origin, "calibrated");
}

TEST_F(ImportCacheApi, MisuseIsToldFromTrouble) {
  const auto file = cache("TRT-8601-EntropyCalibration2\nx: 3d000000\n");
  EXPECT_THROW(
      import_cache(file, model(), {.missing_data = memory(2), .method = {.name = "magic"}}),
      std::invalid_argument);
  EXPECT_THROW(import_cache(this->file("none"), model()), Error);
  EXPECT_THROW(import_cache(cache("nonsense"), model()), Error);
}

}  // namespace
}  // namespace rangefinder
