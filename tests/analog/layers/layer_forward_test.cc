#include "analog/layers/layer_forward.h"

#include <gmock/gmock.h>

#include <stdexcept>

namespace rangefinder::analog {
namespace {

using tensor::Tensor;
using testing::ElementsAre;

TEST(ForwardLinear, KeepsLeadingAxesAndAddsADigitalBias) {
  const AnalogMatrix matrix(std::vector<float>{1, 2, 0, 1}, 2, {});
  const Tensor input = Tensor::from_floats({1, 2, 2}, std::vector<float>{1, 1, 2, 3});
  const Tensor output = forward_linear(matrix, std::vector<float>{10, 20}, input, {});
  EXPECT_THAT(output.shape(), ElementsAre(1, 2, 2));
  EXPECT_THAT(output.floats(), ElementsAre(13, 21, 18, 23));
}

TEST(ForwardConvolution, IsTheConvolution) {
  // Kernel 1 2 / 3 4 over a picture of ones with one column of padding on the left.
  const AnalogMatrix matrix(std::vector<float>{1, 2, 3, 4}, 1, {});
  const Tensor input(Tensor::from_floats({2, 1, 2, 2}, std::vector<float>{1, 1, 1, 1, 2, 2, 2, 2}));
  const Tensor output =
      forward_convolution(matrix, {}, {.kernel_shape = {2, 2}, .pads = {0, 1, 0, 0}}, input, {});
  EXPECT_THAT(output.shape(), ElementsAre(2, 1, 1, 2));
  EXPECT_THAT(output.floats(), ElementsAre(6, 10, 12, 20));
}

TEST(BlockDiagonal, PutsEveryGroupIntoItsColumns) {
  EXPECT_THAT(block_diagonal(std::vector<float>{1, 2, 3, 4}, 2, 2),
              ElementsAre(1, 2, 0, 0, 0, 0, 3, 4));
  EXPECT_THROW(block_diagonal(std::vector<float>{1, 2, 3}, 3, 2), std::invalid_argument);
}

TEST(LayerForward, RefusesWhatDoesNotFit) {
  const AnalogMatrix matrix(std::vector<float>{1, 2, 0, 1}, 2, {});
  const Tensor wide = Tensor::from_floats({1, 3}, std::vector<float>{1, 1, 2});
  EXPECT_THROW(forward_linear(matrix, {}, wide, {}), std::invalid_argument);
  const Tensor input = Tensor::from_floats({1, 2}, std::vector<float>{1, 1});
  EXPECT_THROW(forward_linear(matrix, std::vector<float>{1}, input, {}), std::invalid_argument);
  const Tensor picture = Tensor::from_floats({1, 1, 3}, std::vector<float>{1, 1, 2});
  EXPECT_THROW(forward_convolution(matrix, {}, {.kernel_shape = {3}}, picture, {}),
               std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::analog
