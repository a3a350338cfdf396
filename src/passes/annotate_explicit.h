#pragma once

#include <string>
#include <unordered_set>

#include "passes/annotate.h"

namespace rangefinder::passes {

/// annotate() for targets of placement kBefore and kAround, whose runtimes take pairs of
/// QuantizeLinear and DequantizeLinear as they stand.
///
/// kBefore: weighted nodes read codes. An addition that a Conv can take over reads its other
/// summand as codes. Other operators of the table read codes where somebody wants codes of what
/// they make; through movers and joins the pair goes up to what they read. Readers that want no
/// codes keep the float tensor.
/// kAround: weighted nodes read and make codes, and so does every operator of the table whose data
/// are codes; a Relu, or a Clip from 0, behind one of them is before its output's pair.
/// Tensors that are joined share their parameters (Annotation::aligned); what cannot be joined as
/// codes is a tensor of its own.
/// Cost: linear in the number of nodes and reads.
Annotation annotate_explicit(graph::Graph& graph, const TensorInfos& infos,
                             const targets::Target& target,
                             const std::unordered_set<std::string>& excluded);

}  // namespace rangefinder::passes
