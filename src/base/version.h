#pragma once

namespace rangefinder {

/// The project's version, from the build: "0.3.0".
extern const char kVersion[];

}  // namespace rangefinder
