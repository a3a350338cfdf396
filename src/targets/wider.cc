#include "targets/wider.h"

#include <array>

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

}  // namespace rangefinder::targets
