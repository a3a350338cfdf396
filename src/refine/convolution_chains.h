#pragma once

#include <vector>

#include "graph/graph.h"
#include "passes/annotate.h"
#include "refine/scalable_channels.h"
#include "targets/target.h"

namespace rangefinder::refine {

/// Groups of tensors between convolutions (and Gemms behind a flattened pool) whose channels may be
/// scaled together, in graph order: every one is made by a node with constant weights that takes
/// the scales, or follows from others of the group by what keeps channels and passes factors on
/// (Relu, PRelu, pools, additions, ...), and every one that reads it multiplies by constant weights
/// or does the same. A Clip to [0, upper] passes on factors, too, as long as no value is divided
/// and none that was seen reaches the bound by it.
///
/// Only groups of which a tensor is observed and read in integers, and only weights that no other
/// node reads and that have a scale of their own for each output channel. Only in networks with
/// convolutions by channel: others gain nothing by it (docs/numerics/smoothing.md). `infos` tells
/// ranks.
/// Source: cross-layer equalization, Nagel et al. 2019, arXiv:1906.04721.
/// Cost: linear in the number of nodes and reads.
std::vector<ScalableChannels> convolution_chains(graph::Graph& graph,
                                                 const passes::Annotation& annotation,
                                                 const passes::TensorInfos& infos,
                                                 const targets::Target& target);

}  // namespace rangefinder::refine
