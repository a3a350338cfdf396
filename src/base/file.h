#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/descriptor.h"

namespace rangefinder {

/// Throws Error naming what `path` is unless it leads to a regular file: not a folder, and nothing
/// that may never end or never begin (a device, a pipe, a socket).
void require_regular_file(const std::filesystem::path& path);

/// A regular file to read from; opening does not wait. Throws Error if it is not there, something
/// else, or cannot be opened.
Descriptor open_regular_file(const std::filesystem::path& path);

/// The whole regular file as bytes. Throws Error if it is not there, something else, or cannot be
/// read.
std::string read_file(const std::filesystem::path& path);

/// Replaces `path` by `bytes`, or leaves it as it was, see PendingFiles. Throws Error (folder
/// missing, read-only, disk full).
void write_file(const std::filesystem::path& path, std::string_view bytes);

/// Throws Error as write_file() would if `path` cannot be written; leaves nothing. To be asked
/// before long work whose result shall go there.
void require_writable(const std::filesystem::path& path);

}  // namespace rangefinder
