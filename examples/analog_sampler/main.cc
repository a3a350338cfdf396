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

#include <exception>
#include <filesystem>
#include <iostream>
#include <vector>

#include "rangefinder/rangefinder.h"

namespace {

/// Yields one batch per call, as the model's first input, and ends with the files.
rangefinder::Sampler batches(std::vector<std::filesystem::path> files) {
  return [files = std::move(files),
          next = size_t{0}]() mutable -> std::optional<rangefinder::ModelInputs> {
    if (next == files.size()) return std::nullopt;
    return rangefinder::ModelInputs{.positional = {rangefinder::read_npy(files[next++])}};
  };
}

void calibrate(const std::filesystem::path& model_file, const std::filesystem::path& output,
               std::vector<std::filesystem::path> files) {
  // 2**8 - 2: the codes -127 .. 127.
  const auto hardware =
      rangefinder::AnalogHardware().set("forward.inp_res", 254).set("mapping.max_input_size", 512);
  auto model = rangefinder::convert_to_analog(rangefinder::Model::load(model_file), hardware);
  const auto samples = rangefinder::calibrate_input_ranges(
      model, rangefinder::InputRangeCalibrationType::kCacheQuantile, batches(std::move(files)),
      {.samples = 1000});
  model.save({.model = output});
  std::cout << model.layers().size() << " layers calibrated on " << samples << " batches\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: analog_sampler MODEL.onnx OUT.onnx BATCH.npy...\n";
    return 2;
  }
  try {
    calibrate(argv[1], argv[2], {argv + 3, argv + argc});
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "analog_sampler: " << error.what() << '\n';
    return 1;
  }
}
