#pragma once

#include <stdexcept>
#include <string>

#include "rangefinder/export.h"

namespace rangefinder {

/// Trouble with the world: a file, a model, a sample. Names where it is (file, node, tensor),
/// what was found and what is allowed. Misuse of the library is std::invalid_argument instead;
/// nothing else is thrown but what a callback throws, and std::bad_alloc.
///
///     try {
///       rangefinder::quantize(model, samples);
///     } catch (const rangefinder::Error& error) {
///       std::cerr << error.what() << '\n';           // "model.onnx: node 'conv1': ..."
///       if (!error.place().node.empty()) retry_without(error.place().node);
///     }
class RANGEFINDER_API Error : public std::runtime_error {
 public:
  struct Place {
    std::string file = {};
    std::string node = {};
    std::string tensor = {};
  };

  explicit Error(const std::string& message) : Error(message, Place{}) {}
  Error(const std::string& message, Place place);

  const Place& place() const { return place_; }

  /// The same trouble, seen from further out: names those parts of `outer`, too, that it does not
  /// name yet.
  Error within(const Place& outer) const;

 private:
  Place place_;
};

}  // namespace rangefinder
