#include "data/sample_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "data/file_list.h"
#include "data/natural_order.h"
#include "data/picture.h"
#include "data/pipe_stream.h"

namespace rangefinder::data {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kAllowed =
    ".npy, .npz, pictures (.png, .jpg, .webp, .bmp, .ppm, ...) and archives of them (.tar, "
    ".tar.gz, .tgz)";

std::string_view kind_name(FileKind kind) {
  switch (kind) {
    case FileKind::kNpy:
      return ".npy";
    case FileKind::kNpz:
      return ".npz";
    case FileKind::kPicture:
      return "pictures";
    case FileKind::kTar:
      return "archives";
    case FileKind::kUnknown:
      break;
  }
  return "unknown";
}

FileKind kind_of(const SampleFile& file) { return file_kind(file.path.native()); }

/// The files below `folder`, in natural order; hidden files and folders left out.
std::vector<SampleFile> files_below(const fs::path& folder) {
  std::vector<SampleFile> files;
  for (auto entry = fs::recursive_directory_iterator(folder); entry != fs::end(entry); ++entry) {
    const fs::path& path = entry->path();
    if (path.filename().string().starts_with('.')) {
      if (entry->is_directory()) entry.disable_recursion_pending();
    } else if (entry->is_regular_file() && file_kind(path.native()) != FileKind::kUnknown) {
      files.push_back({path, path.lexically_relative(folder).generic_string()});
    }
  }
  std::ranges::sort(files, natural_less, &SampleFile::name);
  return files;
}

/// Where there are other samples, an archive is taken for what they were unpacked from.
void drop_archives_beside_samples(std::vector<SampleFile>& files) {
  const auto is_archive = [](const SampleFile& file) { return kind_of(file) == FileKind::kTar; };
  if (!std::ranges::all_of(files, is_archive)) std::erase_if(files, is_archive);
}

std::vector<SampleFile> files_in(const fs::path& folder) {
  const Error::Place place{.file = folder.string()};
  try {
    std::vector<SampleFile> files = files_below(folder);
    drop_archives_beside_samples(files);
    if (files.empty()) {
      throw Error(fmt::format("no samples in this folder; {} are looked for", kAllowed), place);
    }
    return files;
  } catch (const fs::filesystem_error& failure) {
    throw Error("cannot list the folder: " + failure.code().message(), place);
  }
}

/// How samples of other programs become ours.
std::string_view conversion_of(const fs::path& path) {
  const std::string extension = path.extension().string();
  if (extension == ".pt" || extension == ".pth") {
    return "; of PyTorch's tensors 'numpy.save(FILE, tensor.numpy())' makes them";
  }
  if (extension == ".onnx") return "; a model stands before --data, or behind another option";
  if (extension == ".pb") {
    return "; of ONNX's tensors 'numpy.save(FILE, onnx.numpy_helper.to_array(tensor))' makes them";
  }
  return "";
}

/// A file, or those of a folder.
std::vector<SampleFile> files_of(const fs::path& path) {
  const Error::Place place{.file = path.string()};
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) throw Error("cannot read: " + error.message(), place);
  if (fs::is_directory(status)) return files_in(path);
  require_regular_file(path);
  if (file_kind(path.native()) == FileKind::kUnknown) {
    throw Error(fmt::format("unknown kind of sample '{}'; {} are allowed{}",
                            path.extension().string(), kAllowed, conversion_of(path)),
                place);
  }
  return {{path, path.filename().string()}};
}

std::vector<SampleFile> files_of_list(const fs::path& list) {
  std::vector<SampleFile> files;
  for (const ListedPath& listed : read_file_list(list)) {
    try {
      auto found = files_of(listed.path);
      const bool is_folder = fs::is_directory(listed.path);
      for (SampleFile& file : found) {
        file.name = is_folder ? (fs::path(listed.name) / file.name).generic_string() : listed.name;
        files.push_back(std::move(file));
      }
    } catch (const Error& error) {
      throw Error(fmt::format("line {}: {}", listed.line, error.what()), {.file = list.string()});
    }
  }
  return files;
}

}  // namespace

FileKind file_kind(std::string_view name) {
  std::string lower(name.substr(name.rfind('/') + 1));
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  const std::string extension = fs::path(lower).extension().string();
  if (extension == ".npy") return FileKind::kNpy;
  if (extension == ".npz") return FileKind::kNpz;
  if (is_picture_extension(extension)) return FileKind::kPicture;
  const bool is_tar = extension == ".tar" || extension == ".tgz" || lower.ends_with(".tar.gz");
  return is_tar ? FileKind::kTar : FileKind::kUnknown;
}

std::vector<SampleFile> find_sample_files(const std::vector<fs::path>& paths) {
  std::vector<SampleFile> files;
  for (const fs::path& path : paths) {
    const auto list = list_of(path);
    std::ranges::move(list ? files_of_list(*list) : files_of(path), std::back_inserter(files));
  }
  if (files.empty()) throw Error("no samples: no file or folder was given");
  return files;
}

uint64_t file_bytes(const fs::path& path) {
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  if (error) throw Error("cannot read: " + error.message(), {.file = path.string()});
  return bytes;
}

FileKind common_kind(const std::vector<SampleFile>& files) {
  const FileKind kind = kind_of(files.front());
  for (const SampleFile& file : files) {
    const FileKind other = kind_of(file);
    if (other == kind) continue;
    throw Error(fmt::format("{} cannot be mixed with {} ({}): samples must agree on their inputs",
                            kind_name(other), kind_name(kind), files.front().path.string()),
                {.file = file.path.string()});
  }
  return kind;
}

std::vector<fs::path> files_read(const std::vector<fs::path>& paths) {
  if (const auto pipe = pipe_among(paths)) {
    return is_standard_input(*pipe) ? std::vector<fs::path>() : std::vector{*pipe};
  }
  std::vector<fs::path> read;
  for (const fs::path& path : paths) {
    if (const auto list = list_of(path)) read.push_back(*list);
  }
  for (SampleFile& file : find_sample_files(paths)) read.push_back(std::move(file.path));
  return read;
}

}  // namespace rangefinder::data
