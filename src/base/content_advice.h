#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace rangefinder {

/// So many of a file's first bytes tell what it is.
inline constexpr size_t kAdviceSize = 100;

/// What a file is that somebody took for another one, and what to do about it, by how it begins:
/// "a Git LFS pointer, not the file itself: 'git lfs pull' fetches it". Known are pointers, web
/// pages, and what is compressed; empty for anything else. More than kAdviceSize bytes are not
/// looked at.
std::string content_advice(std::string_view head);

/// The first bytes of a regular file, fewer if it is shorter; none if it cannot be read.
std::string head_of(const std::filesystem::path& file, size_t size);

}  // namespace rangefinder
