#include "rangefinder/npy.h"

#include "data/npy.h"

namespace rangefinder {

Tensor read_npy(const std::filesystem::path& file) { return data::read_npy(file); }
void write_npy(const std::filesystem::path& file, const TensorView& values) {
  data::write_npy(file, values);
}

}  // namespace rangefinder
