#include "base/version.h"

namespace rangefinder {

const char kVersion[] = RANGEFINDER_VERSION;

}  // namespace rangefinder
