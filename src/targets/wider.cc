#include "targets/wider.h"

#include <array>
#include <bit>
#include <cstdint>

namespace rangefinder::targets {
namespace {

struct Width {
  std::string_view target;
  std::string_view wider;
};

/// QNN: what a node reads and makes has one width, and Convert stands between two
/// (microsoft/onnxruntime, execution_providers/qnn/mixed_precision_overrides_utils.py).
constexpr std::array<Width, 1> kWidths = {{{"qnn", "qnn-16"}}};

}  // namespace

const Target* wider_target(const Target& target) {
  for (const Width& width : kWidths) {
    if (width.target == target.name) return &find_target(width.wider);
  }
  return nullptr;
}

int activation_bits(const Target& target) {
  return std::bit_width(static_cast<uint64_t>(target.activation.level_count() - 1));
}

const quantization::TensorQuantizationConfig& activation_grid(const Target& target,
                                                              std::optional<double> bits) {
  const Target* wider = wider_target(target);
  const bool is_wide = wider != nullptr && bits == activation_bits(*wider);
  return is_wide ? wider->activation : target.activation;
}

}  // namespace rangefinder::targets
