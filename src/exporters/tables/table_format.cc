#include "exporters/tables/table_format.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/near_names.h"
#include "exporters/tables/writers.h"

namespace rangefinder::exporters {
namespace {

constexpr std::string_view kTensorRtCache = "tensorrt-cache";

constexpr std::array<TableFormat, 13> kFormats = {{
    {"aimet-0.6.1", "AIMET's encodings (JSON), older layout; Qualcomm's converters read it, too",
     TableNeed::kNothing, true, write_aimet_0_6_1},
    {"aimet-1.0.0", "AIMET's encodings (JSON)", TableNeed::kNothing, true, write_aimet_1_0_0},
    {"mnn", "the JSON that PPQ writes for MNN", TableNeed::kLayers, false, write_mnn},
    {"mnn-compression", "what MNN's converter takes as --compressionParamsFile", TableNeed::kLayers,
     true, write_mnn_compression},
    {"ncnn", "the table that ncnn2int8 reads", TableNeed::kLayers, true, write_ncnn},
    {"openvino", "what FakeQuantize nodes of OpenVINO take (JSON)", TableNeed::kNothing, true,
     write_openvino},
    {"ort-cache", "ONNX Runtime's calibration.cache (text)", TableNeed::kNothing, false,
     write_ort_cache},
    {"ort-flatbuffers", "ONNX Runtime's calibration.flatbuffers, for its TensorRT provider",
     TableNeed::kNothing, false, write_ort_flatbuffers},
    {"ort-json", "ONNX Runtime's calibration.json", TableNeed::kNothing, false, write_ort_json},
    {"ppl", "the JSON that PPQ writes for PPL", TableNeed::kNothing, false, write_ppl},
    {"qnn", "quantization_overrides of QNN and SNPE (JSON)", TableNeed::kNothing, true, write_qnn},
    {"tengine", "Tengine's .scale (text)", TableNeed::kNothing, false, write_tengine},
    {kTensorRtCache, "calibration cache of TensorRT 5 to 10 (text)", TableNeed::kNothing, false,
     write_tensorrt_cache},
}};

}  // namespace

std::span<const TableFormat> table_formats() { return kFormats; }

const TableFormat& find_table_format(std::string_view name) {
  std::vector<std::string> known;
  for (const TableFormat& format : kFormats) {
    if (format.name == name) return format;
    known.emplace_back(format.name);
  }
  throw std::invalid_argument(fmt::format("unknown format '{}'; known are {}{}", name,
                                          fmt::join(known, ", "), did_you_mean(name, known)));
}

std::string write_table(const TableFormat& format, const TensorTable& table,
                        const TableOptions& options) {
  const bool has_options = !options.trt_version.empty() || !options.trt_algorithm.empty();
  if (has_options && format.name != kTensorRtCache) {
    throw std::invalid_argument(
        fmt::format("version and algorithm of TensorRT are for {}; the format is {}",
                    kTensorRtCache, format.name));
  }
  try {
    if (table.activations.empty()) throw Error("holds no activation in codes");
    if (format.need == TableNeed::kLayers && table.layers.empty()) {
      throw Error(fmt::format("tells no layers, which {} is about; a model is needed (--model)",
                              format.name));
    }
    return format.write(table, options);
  } catch (const Error& error) {
    throw error.within({.file = table.source});
  }
}

}  // namespace rangefinder::exporters
