#include "fashion_mnist/dataset.h"

#include <fmt/format.h>

#include "rangefinder/error.h"
#include "rangefinder/npy.h"

namespace rangefinder::examples {
namespace {

constexpr double kMean = 0.286;
constexpr double kStd = 0.353;

void require_images(const IdxArray& images, size_t count) {
  if (images.shape.size() != 3) {
    throw Error(fmt::format("an array of {} dimensions is no list of images, 3 are needed",
                            images.shape.size()));
  }
  if (images.shape[0] < count) {
    throw Error(fmt::format("{} images are needed, found {}", count, images.shape[0]));
  }
}

}  // namespace

LabelledImages read_labelled(const std::filesystem::path& images,
                             const std::filesystem::path& labels) {
  LabelledImages set{read_idx(images), read_idx(labels)};
  require_images(set.images, 0);
  if (set.labels.shape.size() != 1 || set.labels.shape[0] != set.images.shape[0]) {
    throw Error(fmt::format("needs one label for each of the {} images", set.images.shape[0]),
                {.file = labels.string()});
  }
  return set;
}

Tensor normalized_batch(const IdxArray& images, size_t first, size_t count) {
  require_images(images, first + count);
  const size_t pixels = images.shape[1] * images.shape[2];
  Tensor batch(ElementType::kFloat32,
               {static_cast<int64_t>(count), 1, static_cast<int64_t>(images.shape[1]),
                static_cast<int64_t>(images.shape[2])});
  const auto values = batch.floats();
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>((images.values[first * pixels + i] / 255.0 - kMean) / kStd);
  }
  return batch;
}

void export_samples(const IdxArray& images, size_t count, const std::filesystem::path& folder) {
  require_images(images, count);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw Error("cannot make the folder: " + error.message(), {.file = folder.string()});
  for (size_t i = 0; i < count; ++i) {
    write_npy(folder / fmt::format("{}.npy", i), normalized_batch(images, i, 1).view());
  }
}

}  // namespace rangefinder::examples
