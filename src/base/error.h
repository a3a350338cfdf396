#pragma once

#include <stdexcept>
#include <string>

namespace rangefinder {

/// Trouble with the world: a file, a model, a sample. Names where it is (file, node, tensor),
/// what was found and what is allowed. Misuse of the library is std::invalid_argument instead.
class Error : public std::runtime_error {
 public:
  struct Place {
    std::string file = {};
    std::string node = {};
    std::string tensor = {};
  };

  explicit Error(const std::string& message) : Error(message, Place{}) {}
  Error(const std::string& message, Place place);

  const Place& place() const { return place_; }

  /// The same trouble, in this file; an error that names a file already stays as it is.
  Error in(const std::string& file) const;
  /// The same trouble, at this tensor; an error that names a tensor already stays as it is.
  Error at(const std::string& tensor) const;

 private:
  Place place_;
};

}  // namespace rangefinder
