#include "data/tar_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/fingerprint.h"
#include "data/npy.h"
#include "data/npz.h"
#include "data/picture_decode.h"
#include "data/tar_members.h"

namespace rangefinder::data {
namespace {

constexpr uint64_t kMostInMemory = uint64_t{2} << 30;

/// All archives' samples, shared by what is made of them for a model.
struct Index {
  struct Sample {
    size_t file;
    TarSample content;
  };

  Index(std::vector<SampleFile> archives, PictureOptions options)
      : files(std::move(archives)),
        picture(std::move(options)),
        pool([this](size_t file) { return open_archive(files[file].path); }) {}

  std::vector<SampleFile> files;
  PictureOptions picture;
  std::vector<Sample> samples = {};
  bool has_pictures = false;
  mutable ReaderPool pool;
};

/// A member's bytes, one after the other.
class MemberStream : public ByteStream {
 public:
  MemberStream(ArchiveBytes& bytes, const TarPart& part) : bytes_(bytes), part_(part) {}

  uint64_t size() const override { return part_.size; }
  size_t read(std::span<std::byte> to) override {
    const size_t wanted = std::min<uint64_t>(to.size(), part_.size - done_);
    const size_t got = bytes_.read(part_.offset + done_, to.first(wanted));
    done_ += got;
    return got;
  }

 private:
  ArchiveBytes& bytes_;
  const TarPart& part_;
  uint64_t done_ = 0;
};

class TarSource : public SampleSource {
 public:
  explicit TarSource(std::shared_ptr<const Index> index, std::vector<TensorInfo> inputs = {})
      : index_(std::move(index)), inputs_(std::move(inputs)) {}

  size_t size() const override { return index_->samples.size(); }
  tensor::NamedTensors read(size_t index) const override { return read_checked(index, {}); }

  tensor::NamedTensors read_checked(size_t index, const HeaderCheck& check) const override {
    const Index::Sample& sample = at(index);
    const auto chosen = choose_parts(sample.content, inputs_, name(index));
    return index_->pool.with<ArchiveBytes>(
        sample.file, chosen.front().part->offset, [&](ArchiveBytes& bytes) {
          if (chosen.size() == 1 && chosen.front().part->kind() == FileKind::kNpy) {
            return read_alone(bytes, sample, chosen.front(), check);
          }
          return read_in_memory(bytes, sample, chosen, check);
        });
  }

  std::string name(size_t index) const override {
    const Index::Sample& sample = at(index);
    return fmt::format("{}[{}]", index_->files[sample.file].path.string(), sample.content.name);
  }

  std::string fingerprint() const override {
    Fingerprint fingerprint;
    for (const Index::Sample& sample : index_->samples) {
      fingerprint.add(index_->files[sample.file].name);
      fingerprint.add(sample.content.name);
      for (const TarPart& part : sample.content.parts) {
        fingerprint.add(part.name);
        fingerprint.add_number(part.size);
      }
    }
    if (index_->has_pictures) add_options(fingerprint, index_->picture);
    return fingerprint.text();
  }

  bool depends_on_inputs() const override { return true; }
  std::shared_ptr<const SampleSource> for_inputs(
      const std::vector<TensorInfo>& inputs) const override {
    return std::make_shared<TarSource>(index_, inputs);
  }

 private:
  const Index::Sample& at(size_t index) const {
    require_index(index, size());
    return index_->samples[index];
  }

  std::string place_of(const Index::Sample& sample, const TarPart& part) const {
    return fmt::format("{}[{}.{}]", index_->files[sample.file].path.string(), sample.content.name,
                       part.name);
  }

  tensor::NamedTensors read_alone(ArchiveBytes& bytes, const Index::Sample& sample,
                                  const ChosenPart& chosen, const HeaderCheck& check) const {
    MemberStream stream(bytes, *chosen.part);
    NpyReader reader(stream, place_of(sample, *chosen.part));
    if (check) check({{chosen.input, reader.header()}});
    tensor::NamedTensors tensors;
    tensors.emplace(chosen.input, reader.read());
    return tensors;
  }

  tensor::NamedTensors read_in_memory(ArchiveBytes& archive, const Index::Sample& sample,
                                      const std::vector<ChosenPart>& chosen,
                                      const HeaderCheck& check) const {
    uint64_t total = 0;
    tensor::NamedTensors tensors;
    // One part alone is checked before memory is taken for what it unpacks to.
    const HeaderCheck check_alone = chosen.size() == 1 ? check : HeaderCheck();
    NamedHeaders headers;
    for (const ChosenPart& each : chosen) {
      const std::string place = place_of(sample, *each.part);
      total += each.part->size;
      if (total > kMostInMemory) {
        throw Error(fmt::format("the sample has more than {} bytes", kMostInMemory),
                    {.file = place});
      }
      decode(bytes_of(archive, *each.part, place), place, each, check_alone, tensors);
    }
    for (const auto& [name, tensor] : tensors) headers[name] = {tensor.type(), tensor.shape()};
    if (check && chosen.size() > 1) check(headers);
    return tensors;
  }

  static std::string bytes_of(ArchiveBytes& archive, const TarPart& part,
                              const std::string& place) {
    std::string bytes(part.size, '\0');
    const size_t got = archive.read(part.offset, std::as_writable_bytes(std::span(bytes)));
    if (got < bytes.size()) throw Error("the archive has become shorter", {.file = place});
    return bytes;
  }

  void decode(const std::string& bytes, const std::string& place, const ChosenPart& chosen,
              const HeaderCheck& check, tensor::NamedTensors& into) const {
    switch (chosen.part->kind()) {
      case FileKind::kNpz:
        into = parse_npz(bytes, place, check);
        break;
      case FileKind::kNpy:
        into.emplace(chosen.input, parse_npy(bytes, place));
        break;
      default: {
        const HeaderCheck named = [&](const NamedHeaders& headers) {
          if (check) check({{chosen.input, headers.begin()->second}});
        };
        into.emplace(chosen.input, parse_picture(bytes, index_->picture, place, named));
      }
    }
  }

  std::shared_ptr<const Index> index_;
  std::vector<TensorInfo> inputs_;
};

bool is_picture(const TarPart& part) { return part.kind() == FileKind::kPicture; }

}  // namespace

std::shared_ptr<const SampleSource> open_tar(const std::vector<SampleFile>& files,
                                             const PictureOptions& picture) {
  const auto index = std::make_shared<Index>(files, picture);
  for (size_t file = 0; file < files.size(); ++file) {
    const std::string path = files[file].path.string();
    const auto bytes = open_archive(path);
    for (TarSample& sample : tar_samples(*bytes, path)) {
      const bool has_picture = std::ranges::any_of(sample.parts, is_picture);
      if (has_picture && !index->has_pictures) require_pictures({.file = path});
      index->has_pictures = index->has_pictures || has_picture;
      index->samples.push_back({file, std::move(sample)});
    }
  }
  return std::make_shared<TarSource>(index);
}

}  // namespace rangefinder::data
