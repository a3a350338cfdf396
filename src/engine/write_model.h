#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/pending_files.h"
#include "engine/model_source.h"

namespace rangefinder::engine {

/// Adds a model to what will be written: one file that holds all of it or, where that would have
/// more than `largest_file` bytes, a file with its larger weights beside it, called as
/// weights_beside() says. Throws Error as PendingFiles::add() does, and if weights cannot be read.
void add_model(PendingFiles& files, const std::filesystem::path& path, const ModelSource& model,
               uint64_t largest_file = 1'800'000'000);

/// Writes the model into the folder, which is made if need be; nothing if that has no name. Throws
/// Error.
void keep_model(const ModelSource& model, const std::filesystem::path& folder,
                const std::string& name);

/// `path` with ".data" behind it.
std::filesystem::path weights_beside(const std::filesystem::path& path);

/// Bytes of the model in one message, of any size. Throws Error.
uint64_t whole_size(const ModelSource& model);

/// The model in one message; of a file, the file's bytes. Throws Error beyond 2 GiB.
std::string whole_bytes(const ModelSource& model);

}  // namespace rangefinder::engine
