#include "rangefinder/input_range_counter.h"

#include <fmt/format.h>

#include <map>
#include <stdexcept>
#include <utility>

#include "analog/activations/activation_matrix.h"
#include "analog/ranges/device_calls.h"
#include "analog/ranges/range_method.h"
#include "engine/compute_device.h"
#include "tensor/tensor.h"

namespace rangefinder {
namespace {

analog::RpuConfig config_of(const AnalogLayerInput& layer) {
  analog::RpuConfig config;
  config.mapping.max_input_size = layer.max_input_size;
  config.forward.inp_res = layer.inp_res;
  return config;
}

analog::InputRangeOptions options_of(const InputRangeOptions& options,
                                     AnalogCompatibility compatibility) {
  return {.quantile = options.quantile,
          .max_samples = options.max_samples,
          .std_alpha = options.std_alpha,
          .seed = options.seed,
          .compatibility = compatibility == AnalogCompatibility::kAihwkit
                               ? analog::Compatibility::kAihwkit
                               : analog::Compatibility::kNone};
}

/// The shape of a call with its batch, which PyTorch lets one leave out.
Shape batched(const AnalogLayerInput& layer, Shape shape) {
  if (shape.size() == layer.kernel.size() + 1) shape.insert(shape.begin(), 1);
  return shape;
}

analog::PatchGeometry geometry_of(const AnalogLayerInput& layer, const Shape& shape) {
  if (layer.kernel.empty()) {
    if (shape.empty() || shape.back() != layer.columns) {
      throw std::invalid_argument(
          fmt::format("an input {}; allowed: [..., {}]", to_string(shape), layer.columns));
    }
    return analog::linear_geometry(layer.columns);
  }
  const auto geometry = analog::convolution_geometry({.kernel_shape = layer.kernel,
                                                      .strides = layer.stride,
                                                      .dilations = layer.dilation,
                                                      .pads = layer.padding},
                                                     shape);
  if (geometry.features() != layer.columns) {
    throw std::invalid_argument(fmt::format("an input {} has {} values a window; allowed: {}",
                                            to_string(shape), geometry.features(), layer.columns));
  }
  return geometry;
}

}  // namespace

struct InputRangeCounter::State {
  AnalogLayerInput layer;
  std::vector<analog::ColumnRange> columns;
  std::unique_ptr<analog::RangeMethod> method;
  uint64_t calls = 0;
  /// For the shape that came last; most networks know no other.
  std::optional<analog::PatchPlan> plan = {};
  /// Which calls lie on a device, by its number.
  std::map<int, analog::DeviceCalls> devices = {};

  void plan_for(const Shape& shape) {
    const analog::PatchGeometry geometry = geometry_of(layer, batched(layer, shape));
    if (!plan || plan->geometry != geometry) plan.emplace(geometry, columns);
  }

  void observe_on_device(const TensorView& input, const TensorPlace& place) {
    auto found = devices.find(place.device.number);
    if (found == devices.end()) {
      found =
          devices.try_emplace(place.device.number, engine::open_compute_device(place.device).cuda)
              .first;
    }
    found->second.observe({calls++, 0}, *plan,
                          {input.data, input.type, input.element_count(), place.stream}, *method);
  }
};

InputRangeCounter::InputRangeCounter(InputRangeCalibrationType type, const AnalogLayerInput& layer,
                                     const InputRangeOptions& options,
                                     AnalogCompatibility compatibility)
    : state_(std::make_unique<State>()) {
  state_->layer = layer;
  state_->columns = analog::balanced_slices(layer.columns, layer.max_input_size);
  state_->method = analog::make_range_method(type, options_of(options, compatibility),
                                             config_of(layer), state_->columns.size());
}

InputRangeCounter::InputRangeCounter(InputRangeCounter&&) noexcept = default;
InputRangeCounter& InputRangeCounter::operator=(InputRangeCounter&&) noexcept = default;
InputRangeCounter::~InputRangeCounter() = default;

void InputRangeCounter::observe(const TensorView& input, const TensorPlace& place) {
  state_->plan_for(input.shape);
  if (place.device.kind != Device::Kind::kCpu) return state_->observe_on_device(input, place);
  state_->method->observe({state_->calls++, 0},
                          analog::ActivationMatrix(*state_->plan, input.floats()));
}

bool InputRangeCounter::counts_on_device() const {
  return state_->method->sight() != analog::Sight::kValues;
}

std::vector<int64_t> InputRangeCounter::slices() const {
  std::vector<int64_t> widths;
  for (const auto& range : state_->columns) widths.push_back(range.width());
  return widths;
}

std::optional<std::vector<float>> InputRangeCounter::ranges() const {
  for (auto& [number, calls] : state_->devices) calls.flush(*state_->method);
  return state_->method->ranges();
}

}  // namespace rangefinder
