#pragma once

#include <cstddef>
#include <filesystem>

#include "fashion_mnist/idx.h"
#include "rangefinder/tensor.h"

namespace rangefinder::examples {

/// Images with their labels.
struct LabelledImages {
  IdxArray images;
  IdxArray labels;

  size_t size() const { return labels.values.size(); }
};

/// Throws Error unless the images are [N, height, width] and the labels [N].
LabelledImages read_labelled(const std::filesystem::path& images,
                             const std::filesystem::path& labels);

/// Images first .. first+count-1 as the models take them: float32 [count, 1, height, width] of
/// (pixel / 255 - 0.286) / 0.353. Throws Error if there are fewer, or if it is no array of images.
Tensor normalized_batch(const IdxArray& images, size_t first, size_t count);

/// Writes the first `count` images as samples of their own: `folder`/0.npy, 1.npy, ... The folder
/// is made if it is missing. Throws Error.
void export_samples(const IdxArray& images, size_t count, const std::filesystem::path& folder);

}  // namespace rangefinder::examples
