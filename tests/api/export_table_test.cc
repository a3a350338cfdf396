#include "rangefinder/export_table.h"

#include <set>
#include <stdexcept>

#include "api/fixture.h"

namespace rangefinder {
namespace {

using testing::HasSubstr;

using ExportTableApi = ApiTest;

TEST_F(ExportTableApi, AModelInMemoryAndItsFilesGiveTheSameTable) {
  const QuantizedModel quantized = quantize(model(), memory(6));
  quantized.save({.model = file("int8.onnx"), .summary = file("summary.json")});
  const ExportTableOptions options{.format = "tensorrt-cache", .trt_version = "8.6.1"};
  const ExportedTable table = export_table(quantized.model(), options);
  EXPECT_EQ(table.tensor_count, quantized.summary().tensors.size());
  EXPECT_THAT(table.bytes, testing::StartsWith("TRT-8601-EntropyCalibration2\nx: "));
  EXPECT_EQ(export_table(file("int8.onnx"), options).bytes, table.bytes);
  EXPECT_EQ(export_table(file("summary.json"), options).bytes, table.bytes);
}

TEST_F(ExportTableApi, FormatsAreListed) {
  std::set<std::string> names;
  for (const auto& format : table_formats()) {
    names.insert(format.name);
    EXPECT_FALSE(format.summary.empty());
  }
  for (const char* name :
       {"tensorrt-cache", "ort-json", "ort-flatbuffers", "ort-cache", "ncnn", "mnn",
        "mnn-compression", "ppl", "qnn", "aimet-0.6.1", "aimet-1.0.0", "openvino", "tengine"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

TEST_F(ExportTableApi, MisuseIsToldFromTrouble) {
  const QuantizedModel quantized = quantize(model(), memory(6));
  EXPECT_THROW(export_table(quantized.model(), {.format = "caffe"}), std::invalid_argument);
  EXPECT_THROW(export_table(quantized.model(), {.format = "tensorrt-cache"}),
               std::invalid_argument);
  EXPECT_THROW(export_table(model(), {.format = "ppl"}), Error) << "a float model";
  EXPECT_THROW(export_table(file("none.onnx"), {.format = "ppl"}), Error);
}

}  // namespace
}  // namespace rangefinder
