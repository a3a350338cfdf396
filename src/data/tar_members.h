#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/archive_bytes.h"
#include "data/sample_files.h"
#include "tensor/tensor.h"

namespace rangefinder::data {

/// A member's name in the words of WebDataset: "train/000017.mask.npy" is the part "mask.npy" of
/// the sample "train/000017".
struct MemberName {
  std::string sample;
  std::string part;
};

/// The first dot behind the folders parts them. Nothing for what is hidden or has no dot.
std::optional<MemberName> member_name(std::string_view name);

/// What a part is, by its extension.
FileKind part_kind(std::string_view part);

/// A member of a sample that may be an input: .npy, .npz or a picture.
struct TarPart {
  /// What its name says behind the sample's: "mask.npy", "jpg".
  std::string name;
  uint64_t offset = 0;
  uint64_t size = 0;

  FileKind kind() const { return part_kind(name); }
  /// The input that its name names: "mask"; "" of "jpg".
  std::string input() const;
};

struct TarSample {
  std::string name;
  std::vector<TarPart> parts;
};

/// The samples of an archive, in the order in which they begin there. Labels - members of other
/// kinds - are passed over, and so are hidden members and samples without any part. Throws Error as
/// TarReader does, and: a part that is a link or a device, a part that is there twice, more than a
/// thousand parts of a sample or a million in all, no samples.
std::vector<TarSample> tar_samples(ArchiveBytes& bytes, const std::string& file);

/// A part, and the input that it is for.
struct ChosenPart {
  const TarPart* part = nullptr;
  /// Empty for the model's only input, and for an .npz, which names its inputs itself.
  std::string input;
};

/// Which parts of a sample a model with these inputs takes: those that its inputs name; a model
/// with one input takes, where none names it, the one part without a name, or the only part there
/// is. An .npz counts where there is nothing else. Without inputs: all.
/// Throws Error naming `place`: two parts for one input, none for any, more than one where only a
/// name could tell.
std::vector<ChosenPart> choose_parts(const TarSample& sample, const std::vector<TensorInfo>& inputs,
                                     const std::string& place);

}  // namespace rangefinder::data
