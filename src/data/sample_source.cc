#include "data/sample_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/fingerprint.h"
#include "data/byte_stream.h"
#include "data/natural_order.h"
#include "data/npy.h"
#include "data/npz.h"
#include "data/picture_decode.h"

namespace rangefinder::data {
namespace {

namespace fs = std::filesystem;

enum class Kind { kUnknown, kNpy, kNpz, kPicture };

constexpr std::string_view kAllowed =
    ".npy, .npz and pictures (.png, .jpg, .webp, .bmp, .ppm, ...)";

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::kNpy:
      return ".npy";
    case Kind::kNpz:
      return ".npz";
    case Kind::kPicture:
      return "pictures";
    case Kind::kUnknown:
      break;
  }
  return "unknown";
}

std::string lower_extension(const fs::path& path) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return extension;
}

Kind kind_of(const fs::path& path) {
  const std::string extension = lower_extension(path);
  if (extension == ".npy") return Kind::kNpy;
  if (extension == ".npz") return Kind::kNpz;
  return is_picture_extension(extension) ? Kind::kPicture : Kind::kUnknown;
}

/// How samples of other programs become ours.
std::string_view conversion_of(const fs::path& path) {
  const std::string extension = lower_extension(path);
  if (extension == ".pt" || extension == ".pth") {
    return "; of PyTorch's tensors 'numpy.save(FILE, tensor.numpy())' makes them";
  }
  if (extension == ".onnx") return "; a model stands before --data, or behind another option";
  if (extension == ".pb")
    return "; of ONNX's tensors 'numpy.save(FILE, onnx.numpy_helper.to_array(tensor))' makes them";
  return "";
}

/// A sample's file: where it is, and the name under which it is ordered and fingerprinted.
struct File {
  fs::path path;
  std::string name;
};

void add_numbers(Fingerprint& fingerprint, const std::vector<double>& numbers) {
  for (const double number : numbers) fingerprint.add(fmt::format("{}", number));
}

/// Everything that changes the values read from a picture.
void add_options(Fingerprint& fingerprint, const PictureOptions& options) {
  add_numbers(fingerprint, options.mean);
  add_numbers(fingerprint, options.std);
  fingerprint.add(fmt::format("{}", options.scale));
  for (const auto& size : {options.resize, options.crop}) {
    fingerprint.add(size ? fmt::format("{}x{}", size->width, size->height) : "");
  }
  fingerprint.add_number(static_cast<uint64_t>(options.layout));
  fingerprint.add_number(static_cast<uint64_t>(options.channels));
}

void require_index(size_t index, size_t size) {
  if (index >= size) {
    throw std::invalid_argument(fmt::format("sample {} of {} asked for", index, size));
  }
}

class FileSource : public SampleSource {
 public:
  FileSource(std::vector<File> files, Kind kind, PictureOptions picture)
      : files_(std::move(files)), kind_(kind), picture_(std::move(picture)) {}

  size_t size() const override { return files_.size(); }

  tensor::NamedTensors read(size_t index) const override { return read_checked(index, {}); }

  tensor::NamedTensors read_checked(size_t index, const HeaderCheck& check) const override {
    require_index(index, size());
    const fs::path& path = files_[index].path;
    if (kind_ == Kind::kNpz) return read_npz(path, check);
    tensor::NamedTensors sample;
    sample.emplace(
        "", kind_ == Kind::kNpy ? read_npy(path, check) : read_picture(path, picture_, check));
    return sample;
  }

  std::string name(size_t index) const override {
    require_index(index, size());
    return files_[index].path.string();
  }

  std::string fingerprint() const override {
    Fingerprint fingerprint;
    for (const File& file : files_) {
      fingerprint.add(file.name);
      std::error_code error;
      const auto bytes = fs::file_size(file.path, error);
      if (error) throw Error("cannot read: " + error.message(), {.file = file.path.string()});
      fingerprint.add_number(bytes);
    }
    if (kind_ == Kind::kPicture) add_options(fingerprint, picture_);
    return fingerprint.text();
  }

 private:
  std::vector<File> files_;
  Kind kind_;
  PictureOptions picture_;
};

class SelectedSource : public SampleSource {
 public:
  SelectedSource(std::shared_ptr<const SampleSource> source, std::vector<size_t> indices)
      : source_(std::move(source)), indices_(std::move(indices)) {
    for (const size_t index : indices_) require_index(index, source_->size());
  }

  size_t size() const override { return indices_.size(); }
  tensor::NamedTensors read(size_t index) const override { return source_->read(at(index)); }
  tensor::NamedTensors read_checked(size_t index, const HeaderCheck& check) const override {
    return source_->read_checked(at(index), check);
  }
  std::string name(size_t index) const override { return source_->name(at(index)); }

  std::string fingerprint() const override {
    Fingerprint fingerprint;
    fingerprint.add(source_->fingerprint());
    for (const size_t index : indices_) fingerprint.add_number(index);
    return fingerprint.text();
  }

 private:
  size_t at(size_t index) const {
    require_index(index, size());
    return indices_[index];
  }

  std::shared_ptr<const SampleSource> source_;
  std::vector<size_t> indices_;
};

/// The sample files below `folder`, in natural order; hidden files and folders left out.
std::vector<File> files_in(const fs::path& folder) {
  std::vector<File> files;
  for (auto entry = fs::recursive_directory_iterator(folder); entry != fs::end(entry); ++entry) {
    const fs::path& path = entry->path();
    if (path.filename().string().starts_with('.')) {
      if (entry->is_directory()) entry.disable_recursion_pending();
    } else if (entry->is_regular_file() && kind_of(path) != Kind::kUnknown) {
      files.push_back({path, path.lexically_relative(folder).generic_string()});
    }
  }
  std::ranges::sort(files, natural_less, &File::name);
  return files;
}

std::vector<File> files_of(const fs::path& path) {
  const Error::Place place{.file = path.string()};
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) throw Error("cannot read: " + error.message(), place);
  if (!fs::is_directory(status)) {
    require_regular_file(path);
    if (kind_of(path) == Kind::kUnknown) {
      throw Error(fmt::format("unknown kind of sample '{}'; {} are allowed{}",
                              path.extension().string(), kAllowed, conversion_of(path)),
                  place);
    }
    return {{path, path.filename().string()}};
  }
  try {
    std::vector<File> files = files_in(path);
    if (files.empty())
      throw Error(fmt::format("no samples in this folder; {} are looked for", kAllowed), place);
    return files;
  } catch (const fs::filesystem_error& failure) {
    throw Error("cannot list the folder: " + failure.code().message(), place);
  }
}

/// The one kind of all files.
Kind common_kind(const std::vector<File>& files) {
  const Kind kind = kind_of(files.front().path);
  for (const File& file : files) {
    const Kind other = kind_of(file.path);
    if (other != kind) {
      throw Error(fmt::format("{} cannot be mixed with {} ({}): samples must agree on their inputs",
                              kind_name(other), kind_name(kind), files.front().path.string()),
                  {.file = file.path.string()});
    }
  }
  return kind;
}

}  // namespace

tensor::NamedTensors SampleSource::read_checked(size_t index, const HeaderCheck& check) const {
  tensor::NamedTensors sample = read(index);
  NamedHeaders headers;
  for (const auto& [name, tensor] : sample) headers[name] = {tensor.type(), tensor.shape()};
  if (check) check(headers);
  return sample;
}

std::shared_ptr<const SampleSource> open_samples(const std::vector<fs::path>& paths,
                                                 const PictureOptions& picture) {
  validate(picture);
  std::vector<File> files;
  for (const fs::path& path : paths) std::ranges::move(files_of(path), std::back_inserter(files));
  if (files.empty()) throw Error("no samples: no file or folder was given");
  const Kind kind = common_kind(files);
  if (kind == Kind::kPicture) {
    require_pictures({.file = files.front().path.string()});
  } else if (picture != PictureOptions()) {
    throw std::invalid_argument(fmt::format(
        "how pictures become samples (mean, std, scale, resize, crop, layout, channels) "
        "is told, but {} is no picture: arrays are taken as they are",
        files.front().path.string()));
  }
  return std::make_shared<FileSource>(std::move(files), kind, picture);
}

std::shared_ptr<const SampleSource> select_samples(std::shared_ptr<const SampleSource> source,
                                                   std::vector<size_t> indices) {
  return std::make_shared<SelectedSource>(std::move(source), std::move(indices));
}

}  // namespace rangefinder::data
