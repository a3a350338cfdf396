#include "base/error.h"

#include <utility>

#include "base/printable.h"

namespace rangefinder {
namespace {

constexpr size_t kNameBytes = 200;

/// A name may be as long as its model likes; a message may not.
std::string shortened(const std::string& name) {
  if (name.size() <= kNameBytes) return name;
  return name.substr(0, kNameBytes / 2) + "..." + name.substr(name.size() - kNameBytes / 2);
}

/// Names come from models and file systems, and messages quote them: all is made fit to be shown.
std::string describe(const std::string& message, const Error::Place& place) {
  std::string text;
  if (!place.file.empty()) text += place.file + ": ";
  if (!place.node.empty()) text += "node '" + shortened(place.node) + "': ";
  if (!place.tensor.empty()) text += "tensor '" + shortened(place.tensor) + "': ";
  return printable(text + message);
}

}  // namespace

Error::Error(const std::string& message, Place place)
    : std::runtime_error(describe(message, place)), place_(std::move(place)) {}

Error Error::within(const Place& outer) const {
  const auto missing = [](const std::string& known, const std::string& more) {
    return known.empty() ? more : std::string();
  };
  const Place added = {missing(place_.file, outer.file), missing(place_.node, outer.node),
                       missing(place_.tensor, outer.tensor)};
  Error result(describe(what(), added));
  result.place_ = {place_.file + added.file, place_.node + added.node,
                   place_.tensor + added.tensor};
  return result;
}

}  // namespace rangefinder
