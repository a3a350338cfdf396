#include "data/sample_source.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "base/error.h"
#include "base/fingerprint.h"
#include "data/npy.h"
#include "data/npy_stack.h"
#include "data/npz.h"
#include "data/npz_stack.h"
#include "data/picture_decode.h"
#include "data/sample_files.h"
#include "data/tar_source.h"

namespace rangefinder::data {
namespace {

namespace fs = std::filesystem;

class FileSource : public SampleSource {
 public:
  FileSource(std::vector<SampleFile> files, FileKind kind, PictureOptions picture)
      : files_(std::move(files)), kind_(kind), picture_(std::move(picture)) {}

  size_t size() const override { return files_.size(); }

  tensor::NamedTensors read(size_t index) const override { return read_checked(index, {}); }

  tensor::NamedTensors read_checked(size_t index, const HeaderCheck& check) const override {
    require_index(index, size());
    const fs::path& path = files_[index].path;
    if (kind_ == FileKind::kNpz) return read_npz(path, check);
    tensor::NamedTensors sample;
    sample.emplace(
        "", kind_ == FileKind::kNpy ? read_npy(path, check) : read_picture(path, picture_, check));
    return sample;
  }

  bool depends_on_inputs() const override {
    return kind_ == FileKind::kNpz || kind_ == FileKind::kNpy;
  }

  std::shared_ptr<const SampleSource> for_inputs(
      const std::vector<TensorInfo>& inputs) const override {
    if (kind_ == FileKind::kNpy) return open_npy_stack(files_, inputs);
    return kind_ == FileKind::kNpz ? open_npz_stack(files_, inputs) : nullptr;
  }

  std::string name(size_t index) const override {
    require_index(index, size());
    return files_[index].path.string();
  }

  std::string fingerprint() const override {
    Fingerprint fingerprint;
    for (const SampleFile& file : files_) {
      fingerprint.add(file.name);
      fingerprint.add_number(file_bytes(file.path));
    }
    if (kind_ == FileKind::kPicture) add_options(fingerprint, picture_);
    return fingerprint.text();
  }

 private:
  std::vector<SampleFile> files_;
  FileKind kind_;
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

}  // namespace

void require_index(size_t index, size_t size) {
  if (index >= size) {
    throw std::invalid_argument(fmt::format("sample {} of {} asked for", index, size));
  }
}

tensor::NamedTensors SampleSource::read_checked(size_t index, const HeaderCheck& check) const {
  tensor::NamedTensors sample = read(index);
  NamedHeaders headers;
  for (const auto& [name, tensor] : sample) headers[name] = {tensor.type(), tensor.shape()};
  if (check) check(headers);
  return sample;
}

std::shared_ptr<const SampleSource> SampleSource::for_inputs(const std::vector<TensorInfo>&) const {
  return nullptr;
}

std::shared_ptr<const SampleSource> open_samples(const std::vector<fs::path>& paths,
                                                 const PictureOptions& picture) {
  validate(picture);
  std::vector<SampleFile> files = find_sample_files(paths);
  const FileKind kind = common_kind(files);
  if (kind == FileKind::kTar) return open_tar(files, picture);
  if (kind == FileKind::kPicture) {
    require_pictures({.file = files.front().path.string()});
  } else if (picture != PictureOptions()) {
    throw std::invalid_argument(fmt::format(
        "how pictures become samples (mean, std, scale, resize, crop, layout, channels) is told, "
        "but {} is no picture: arrays are taken as they are",
        files.front().path.string()));
  }
  return std::make_shared<FileSource>(std::move(files), kind, picture);
}

std::shared_ptr<const SampleSource> select_samples(std::shared_ptr<const SampleSource> source,
                                                   std::vector<size_t> indices) {
  return std::make_shared<SelectedSource>(std::move(source), std::move(indices));
}

}  // namespace rangefinder::data
