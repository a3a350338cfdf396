#include <fmt/format.h>

#include "exporters/tables/writers.h"

namespace rangefinder::exporters {

/// A line is a name, a blank and a number: names may hold blanks, a reader splits at the last one.
std::string write_ort_cache(const TensorTable& table, const TableOptions&) {
  std::string text;
  for (const TableTensor& tensor : table.activations) {
    require_without(tensor.name, "\n\r", "a line end", "ort-cache");
    require_per_tensor(tensor, "ort-cache");
    text += fmt::format("{} {}\n", tensor.name, static_cast<float>(tensor.largest_magnitude()));
  }
  return text;
}

}  // namespace rangefinder::exporters
