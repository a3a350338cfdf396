#pragma once

#include <filesystem>
#include <list>

#include "rangefinder/export.h"

namespace rangefinder {

/// A file or folder that a process must take with it even if it ends in the middle of its work.
/// Whoever made it removes it in the ordinary course of things.
class Leftover {
 public:
  explicit Leftover(std::filesystem::path path);
  /// It is there no longer, or meant to stay.
  ~Leftover();
  Leftover(const Leftover&) = delete;
  Leftover& operator=(const Leftover&) = delete;

 private:
  std::list<std::filesystem::path>::iterator place_;
};

/// As long as it lives, remove_leftovers() waits: what is temporary just becomes a result.
class LeftoversHeld {
 public:
  LeftoversHeld();
  ~LeftoversHeld();
  LeftoversHeld(const LeftoversHeld&) = delete;
  LeftoversHeld& operator=(const LeftoversHeld&) = delete;
};

/// Removes every Leftover there is, for a process that ends right behind this call, from any thread
/// but no signal handler. If results are just being put in place it waits for a fifth of a second
/// at most, and then removes nothing: the next run finds what there is to do. Whoever makes a
/// Leftover afterwards waits for ever.
RANGEFINDER_API void remove_leftovers() noexcept;

}  // namespace rangefinder
