#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "passes/annotate.h"
#include "tensor/tensor.h"

namespace rangefinder::passes {

/// The tensor with its axes in another order: axis i of the result is axis order[i]. Throws
/// std::invalid_argument unless `order` names each axis once.
tensor::Tensor permute(const tensor::Tensor& from, const std::vector<int64_t>& order);

/// Name of a tensor of the main graph with its axes in another order: a constant's values are
/// moved now, else a Transpose does it, the one that is there if there is one. What is new is added
/// to `infos`.
std::string transposed(graph::Graph& graph, TensorInfos& infos, const std::string& tensor,
                       const std::vector<int64_t>& order);

}  // namespace rangefinder::passes
