// Post-training calibration of analog input ranges from a sampler: the C++ counterpart of the
// guide's
//
//     def sampler():
//         for x in batches:
//             yield ((x,), {})          # positional and named inputs of one call
//     calibrate_input_ranges(model, InputRangeCalibrationType.CACHE_QUANTILE, sampler())
//     rpu_config.forward.inp_res = 2**8 - 2
//
// Usage: analog_sampler MODEL.onnx OUT.onnx BATCH.npy...

#include <fmt/format.h>

#include <exception>
#include <filesystem>
#include <vector>

#include "analog/calibrate.h"
#include "analog/convert.h"
#include "analog/export_model.h"
#include "analog/sampler.h"
#include "base/file.h"
#include "data/npy.h"
#include "graph/model_file.h"

namespace {

namespace analog = rangefinder::analog;

/// Yields one batch per call, as the model's first input, and ends with the files.
analog::Sampler batches(std::vector<std::filesystem::path> files) {
  return
      [files = std::move(files), next = size_t{0}]() mutable -> std::optional<analog::ModelInputs> {
        if (next == files.size()) return std::nullopt;
        return analog::ModelInputs{.positional = {rangefinder::data::read_npy(files[next++])}};
      };
}

void calibrate(const std::filesystem::path& model_file, const std::filesystem::path& output,
               std::vector<std::filesystem::path> files) {
  analog::NetworkConfig hardware;
  hardware.base.forward.inp_res = 254;  // 2**8 - 2: the codes -127 .. 127.
  hardware.base.mapping.max_input_size = 512;
  auto model =
      analog::convert_to_analog(rangefinder::graph::load_model(model_file), std::move(hardware));
  const auto feed = analog::feed_from(batches(std::move(files)), analog::input_names(model.model),
                                      {.sample_limit = 1000});
  const auto samples =
      analog::calibrate_input_ranges(model, analog::InputRangeType::kCacheQuantile, feed);
  rangefinder::write_file(output, rangefinder::graph::serialize(analog::export_model(model)));
  fmt::print("{} layers calibrated on {} batches\n", model.layers.size(), samples);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "usage: analog_sampler MODEL.onnx OUT.onnx BATCH.npy...\n");
    return 2;
  }
  try {
    calibrate(argv[1], argv[2], {argv + 3, argv + argc});
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "analog_sampler: {}\n", error.what());
    return 1;
  }
}
