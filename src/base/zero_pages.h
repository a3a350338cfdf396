#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace rangefinder {

/// Memory of zeros, of which the system holds only the pages that were written.
///
/// std::calloc promises the zeros alone: a block out of memory that was used before, or below the
/// size from which the allocator asks the system, is written at once, all of it.
class ZeroPages {
 public:
  /// Throws std::bad_alloc.
  explicit ZeroPages(size_t size);

  std::span<std::byte> bytes() const { return {bytes_.get(), bytes_.get_deleter().size}; }

 private:
  struct Unmap {
    size_t size = 0;
    void operator()(std::byte* bytes) const;
  };
  std::unique_ptr<std::byte, Unmap> bytes_;
};

}  // namespace rangefinder
