#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/descriptor.h"

namespace rangefinder {

/// A file of the folder of `target` that belongs to it: hidden, named after it and for what it is.
std::filesystem::path companion_of(const std::filesystem::path& target, const std::string& what);

/// The same with six letters at the end that make it unique: what mkstemp() wants.
std::filesystem::path temporary_template(const std::filesystem::path& target);

/// A temporary file, complete and on disk, and the name it is meant for (links resolved).
struct Replacement {
  std::filesystem::path temporary = {};
  std::filesystem::path target = {};
  /// Its lock tells other processes that the temporary file is alive.
  std::shared_ptr<const Descriptor> lock = {};
};

/// Renames all temporary files to their targets, or none, and brings that to disk. The temporary
/// files are gone afterwards in either case. If the process is killed, and whatever helps it, too,
/// recover() finishes.
/// Throws Error, everything being as it was before; if not even that can be reached it says so, and
/// recover() finishes.
void replace_together(const std::vector<Replacement>& files);

/// Puts right what a process that was killed left of its work on `target`: renames that were begun
/// are finished, temporary files removed. Returns what a user must know of it: nothing if no file
/// was changed. Leaves alone what belongs to a living process. Throws Error if it cannot.
std::optional<std::string> recover(const std::filesystem::path& target);

}  // namespace rangefinder
