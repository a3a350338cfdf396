#pragma once

#include <string>
#include <utility>
#include <vector>

#include "rangefinder/device.h"

namespace rangefinder::workflow {

/// What tells one run from another, part by part, in the order in which a difference is worth
/// telling: "model" and its fingerprint, "data", "options", ... Work of two runs adds up only if
/// all parts agree. Neither times nor names of machines are among them, so that clocks do not
/// matter.
using RunIdentity = std::vector<std::pair<std::string, std::string>>;

/// What every run has: the program's version, that of ONNX Runtime, the kind of device, on which
/// activations depend, and which command it is.
RunIdentity begin_identity(const std::string& command, const Device& device);

/// The first part that differs, as "model 'a' instead of 'b'"; empty if none does.
std::string difference(const RunIdentity& found, const RunIdentity& expected);

/// Throws Error naming `place`, a file or a rank, unless nothing differs.
void require_same_run(const RunIdentity& found, const RunIdentity& expected,
                      const std::string& place);

}  // namespace rangefinder::workflow
