#include <cmath>

#include "exporters/tables/sample_table.h"

namespace rangefinder::exporters {
namespace {

using Json = nlohmann::json;

/// FakeQuantize as OpenVINO specifies it.
double fake_quantize(double x, const Json& node) {
  const double low = node["input_low"][0];
  const double high = node["input_high"][0];
  const double steps = node["levels"].get<double>() - 1;
  if (x <= low) return node["output_low"][0];
  if (x > high) return node["output_high"][0];
  return std::nearbyint((x - low) / (high - low) * steps) / steps *
             (node["output_high"][0].get<double>() - node["output_low"][0].get<double>()) +
         node["output_low"][0].get<double>();
}

TEST(OpenVino, FakeQuantizeRestoresWhatCodesDo) {
  const TensorTable table = sample_table();
  const Json json = Json::parse(write_openvino(table, {}));
  for (const TableTensor& tensor : table.activations) {
    const Json& node = json["fake_quantize"][tensor.name];
    for (double x = -140; x < 140; x += 0.37) {
      const double code = std::nearbyint(x / tensor.scale[0]) + tensor.zero_point[0];
      const double clipped = std::clamp(code, static_cast<double>(tensor.quant_min),
                                        static_cast<double>(tensor.quant_max));
      EXPECT_NEAR(fake_quantize(x, node), (clipped - tensor.zero_point[0]) * tensor.scale[0], 1e-9)
          << tensor.name << " at " << x;
    }
  }
}

TEST(OpenVino, WeightsHaveBoundsForEachChannel) {
  const Json json = Json::parse(write_openvino(sample_table(), {}));
  const Json& node = json["fake_quantize_weights"]["conv1.weight"];
  EXPECT_EQ(node["axis"], 0);
  EXPECT_EQ(node["input_low"], (std::vector<double>{-64, -32}));
  EXPECT_EQ(node["input_high"], (std::vector<double>{63.5, 31.75}));
}

TEST(OpenVino, NamesAreUtf8) { expect_refuses_name(write_openvino, "\xff"); }

}  // namespace
}  // namespace rangefinder::exporters
