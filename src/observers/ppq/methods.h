#pragma once

#include "observers/registry.h"

namespace rangefinder::observers::ppq {

/// PPQ's observers under its names: minmax, percentile, kl, mse, isotone. What they do and do not
/// reproduce: docs/numerics/compat_ppq.md.
const Registry& registry();

}  // namespace rangefinder::observers::ppq
