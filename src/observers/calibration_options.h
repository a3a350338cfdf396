#pragma once

#include "rangefinder/method.h"

namespace rangefinder::observers {

/// The options of all methods in one, as users give them.
using CalibrationOptions = MethodOptions;

}  // namespace rangefinder::observers
