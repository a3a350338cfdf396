#include <fmt/format.h>

#include "exporters/tables/writers.h"

namespace rangefinder::exporters {

/// A line is a name, a scale and a zero point, with blanks between: its reader takes words.
std::string write_tengine(const TensorTable& table, const TableOptions&) {
  std::string text;
  for (const TableTensor& tensor : table.activations) {
    require_without(tensor.name, " \t\n\r\v\f", "white space", "tengine");
    require_per_tensor(tensor, "tengine");
    require_bits(tensor, 8, "tengine");
    text += fmt::format("{} {} {}\n", tensor.name, tensor.scale[0], tensor.zero_point[0]);
  }
  return text;
}

}  // namespace rangefinder::exporters
