#include "analog/layers/analog_model.h"

#include <gmock/gmock.h>

namespace rangefinder::analog {
namespace {

using testing::ElementsAre;

// On a tile a grouped convolution is block-diagonal: all channels are inputs.
TEST(AnalogLayer, OfGroupsTakesAllChannels) {
  AnalogLayer layer;
  layer.outputs = 2;
  layer.groups = 2;
  layer.weights = {1, 2, 3, 4};
  layer.config.mapping.max_input_size = 3;
  EXPECT_EQ(layer.inputs(), 4);
  EXPECT_THAT(layer.slices(), ElementsAre(ColumnRange{0, 2}, ColumnRange{2, 4}));
  const AnalogMatrix matrix = layer.matrix();
  EXPECT_THAT(matrix.tiles()[0].programmed, ElementsAre(1, 2, 0, 0));
  EXPECT_THAT(matrix.tiles()[1].programmed, ElementsAre(0, 0, 3, 4));
}

TEST(AnalogModel, FindsLayersByName) {
  AnalogModel model;
  model.layers.emplace_back().name = "a";
  EXPECT_EQ(model.find("a"), &model.layers[0]);
  EXPECT_EQ(model.find("b"), nullptr);
}

}  // namespace
}  // namespace rangefinder::analog
