#pragma once

namespace rangefinder {

/// The project's version, from the build.
inline constexpr char kVersion[] = RANGEFINDER_VERSION;

}  // namespace rangefinder
