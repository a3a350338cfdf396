#include "analog/layers/analog_model.h"

#include <algorithm>

#include "analog/layers/layer_forward.h"

namespace rangefinder::analog {

int64_t AnalogLayer::inputs() const {
  return static_cast<int64_t>(weights.size()) / outputs * groups;
}

std::vector<ColumnRange> AnalogLayer::slices() const {
  return balanced_slices(inputs(), config.mapping.max_input_size);
}

AnalogMatrix AnalogLayer::matrix(Compatibility compatibility) const {
  if (groups == 1) return {weights, outputs, config, compatibility};
  return {block_diagonal(weights, outputs, groups), outputs, config, compatibility};
}

const AnalogLayer* AnalogModel::find(const std::string& name) const {
  const auto found = std::find_if(layers.begin(), layers.end(),
                                  [&](const AnalogLayer& layer) { return layer.name == name; });
  return found == layers.end() ? nullptr : &*found;
}

}  // namespace rangefinder::analog
