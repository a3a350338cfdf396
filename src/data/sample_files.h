#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace rangefinder::data {

/// What a sample's file is, by its extension.
enum class FileKind { kUnknown, kNpy, kNpz, kPicture, kTar };

/// In any case of letters: .npy, .npz, those of pictures, .tar, .tar.gz and .tgz.
FileKind file_kind(std::string_view name);

/// A file with samples: where it is, and the name under which it is ordered and fingerprinted.
struct SampleFile {
  std::filesystem::path path;
  std::string name;
};

/// The files that paths on a command line mean: files, folders, lists ("@list.txt", file_list.h).
/// Folders are searched with their subfolders, in natural order of the relative path; hidden files
/// and other extensions are passed over there, and so are archives beside other samples.
/// Throws Error: a path that is not there, an unknown extension, something else than a regular
/// file, no samples; of a list the line is named.
std::vector<SampleFile> find_sample_files(const std::vector<std::filesystem::path>& paths);

/// Throws Error.
uint64_t file_bytes(const std::filesystem::path& path);

/// The one kind of all files. Throws Error where they are mixed: samples would not agree on their
/// inputs.
FileKind common_kind(const std::vector<SampleFile>& files);

/// Every file that is read for the samples, the lists, too. A pipe is one; standard input is none.
/// Throws as find_sample_files() does.
std::vector<std::filesystem::path> files_read(const std::vector<std::filesystem::path>& paths);

}  // namespace rangefinder::data
