#pragma once

// The geometry of convolutions belongs to the graph; analog layers call it by their own name.
#include "graph/patch_geometry.h"

namespace rangefinder::analog {

using graph::convolution_geometry;
using graph::ConvolutionAttributes;
using graph::copy_window;
using graph::copy_window_entries;
using graph::linear_geometry;
using graph::PatchGeometry;
using graph::unfold;

}  // namespace rangefinder::analog
