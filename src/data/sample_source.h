#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/picture.h"
#include "data/split.h"
#include "data/tensor_header.h"
#include "tensor/tensor.h"

namespace rangefinder::data {

/// Samples that are read when asked for; nothing is kept. All members may be called from several
/// threads at once.
class SampleSource {
 public:
  virtual ~SampleSource() = default;

  virtual size_t size() const = 0;

  /// One sample or batch, a tensor per input name; a single tensor of the name "" is meant for the
  /// model's only input. Throws Error naming the file; std::invalid_argument unless index < size().
  virtual tensor::NamedTensors read(size_t index) const = 0;

  /// The same, but `check` sees what the arrays are before memory is taken for them (where a source
  /// can tell before; otherwise after), and throws if they are not wanted.
  virtual tensor::NamedTensors read_checked(size_t index, const HeaderCheck& check) const;

  /// The file of a sample, for messages. Throws std::invalid_argument unless index < size().
  virtual std::string name(size_t index) const = 0;

  /// Whether a model's inputs decide what the samples are.
  virtual bool depends_on_inputs() const { return false; }

  /// Then, the samples as a model with these inputs takes them; null if they are already. Throws
  /// Error where it is not clear how they are meant.
  virtual std::shared_ptr<const SampleSource> for_inputs(
      const std::vector<TensorInfo>& inputs) const;

  /// 16 hex digits (FNV-1a, 64 bit) over the samples' names (relative to the folder that was
  /// given), file sizes, order, and the picture options if they are pictures: tells data sets apart
  /// without reading them. It does not see edits that keep a file's name and size.
  virtual std::string fingerprint() const = 0;
};

/// Throws std::invalid_argument unless index < size.
void require_index(size_t index, size_t size);

/// All samples of files, folders and lists (sample_files.h). A path given itself must be of a known
/// kind: .npy, .npz, a picture or a tar archive (tar_source.h).
/// Throws Error: a path that is not there, an unknown extension, something else than a regular
/// file, no samples, several kinds mixed (they would not agree on input names), pictures in a
/// program that was built without them. Throws std::invalid_argument as validate(picture) does, and
/// if pictures are described where there are none.
std::shared_ptr<const SampleSource> open_samples(const std::vector<std::filesystem::path>& paths,
                                                 const PictureOptions& picture = {});

/// The samples at `indices` of another source, in that order.
/// Throws std::invalid_argument if an index is not below source->size().
std::shared_ptr<const SampleSource> select_samples(std::shared_ptr<const SampleSource> source,
                                                   std::vector<size_t> indices);

/// What a command line says about data.
struct DataOptions {
  std::vector<std::filesystem::path> paths = {};
  PictureOptions picture = {};
  /// Calibrate on the first so many samples (see split_held_out).
  std::optional<size_t> samples = {};
  Shard shard = {};
};

}  // namespace rangefinder::data
