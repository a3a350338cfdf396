// Somebody else's program: each seed's way in C++, from memory, with the installed library alone.

#include <rangefinder/rangefinder.h>

#include <cmath>
#include <iostream>

namespace rf = rangefinder;

namespace {

/// A method of one's own: half of the largest magnitude.
class HalfMax : public rf::Observer {
 public:
  using Observer::Observer;
  std::vector<rf::plugin::Result> solve(std::span<const rf::plugin::Channel> channels) override {
    std::vector<rf::plugin::Result> results;
    for (const auto& c : channels) {
      results.push_back(rf::plugin::Result::range(c.min / 2, c.max / 2));
    }
    return results;
  }
};

rf::Tensor picture(size_t index) {
  std::vector<float> pixels(28 * 28);
  for (size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = std::sin(0.1f * static_cast<float>(i * (index + 3)));
  }
  return rf::Tensor::from_floats({1, 1, 28, 28}, pixels);
}

/// PPQ's: quantize from a generator that ends, by a registered observer.
void quantize(const rf::Model& model) {
  rf::register_calibration_observer<HalfMax>("half-max");
  const auto samples = rf::SampleSource::from_generator(
      [next = size_t{0}]() mutable -> std::optional<rf::NamedTensors> {
        if (next == 40) return std::nullopt;
        return rf::NamedTensors{{"", picture(next++)}};
      });
  const auto int8 = rf::quantize(model, samples, {.method = {.name = "half-max"}});
  std::cout << int8.summary().method << ": " << int8.summary().integer_nodes << " of "
            << int8.summary().eligible_nodes << " nodes in integers\n";
}

/// AIHWKIT-Lightning's: calibrate_input_ranges(model, CACHE_QUANTILE, sampler()).
void calibrate(const rf::Model& model) {
  auto analog =
      rf::convert_to_analog(model, rf::AnalogHardware().set("forward.inp_res", 254));  // 2**8 - 2
  const auto samples =
      rf::calibrate_input_ranges(analog, rf::InputRangeCalibrationType::kCacheQuantile,
                                 [next = size_t{0}]() mutable -> std::optional<rf::ModelInputs> {
                                   if (next == 10) return std::nullopt;
                                   return rf::ModelInputs{.positional = {picture(next++)}};
                                 });
  std::cout << analog.layers().size() << " layers calibrated on " << samples << " calls\n";
}

}  // namespace

int main(int argc, char** argv) {
  std::cout << rf::version() << '\n';
  if (argc < 2) return 0;
  const auto model = rf::Model::load(argv[1]);
  quantize(model);
  calibrate(model);
}
