#include "base/error.h"

#include <utility>

namespace rangefinder {
namespace {

std::string describe(const std::string& message, const Error::Place& place) {
  std::string text;
  if (!place.file.empty()) text += place.file + ": ";
  if (!place.node.empty()) text += "node '" + place.node + "': ";
  if (!place.tensor.empty()) text += "tensor '" + place.tensor + "': ";
  return text + message;
}

}  // namespace

Error::Error(const std::string& message, Place place)
    : std::runtime_error(describe(message, place)), place_(std::move(place)) {}

Error Error::in(const std::string& file) const {
  if (!place_.file.empty()) return *this;
  Error result(what(), Place{.file = file});
  result.place_.node = place_.node;
  result.place_.tensor = place_.tensor;
  return result;
}

Error Error::at(const std::string& tensor) const {
  if (!place_.tensor.empty()) return *this;
  Error result(what(), Place{.tensor = tensor});
  result.place_.file = place_.file;
  result.place_.node = place_.node;
  return result;
}

}  // namespace rangefinder
