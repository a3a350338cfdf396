#pragma once

#include <string>

namespace rangefinder::bench {

/// A serialized ResNet-50 (He et al. 2015, arXiv:1512.03385) without BatchNormalization: 53
/// convolutions, 16 residual additions, one Gemm. Input "input" [N, 3, 224, 224], output "logits"
/// [N, 1000]. Random normal weights of standard deviation sqrt(2 / fan-in), which keeps activations
/// of a normal input in range; the same bytes each time.
std::string make_resnet50();

}  // namespace rangefinder::bench
