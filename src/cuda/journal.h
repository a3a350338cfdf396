#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "cuda/device.h"

namespace rangefinder::cuda {

/// Device memory for what kernels find in one run of a model, handed out piece by piece and read
/// back in one go when the run is over.
class Journal {
 public:
  /// A piece; valid until the journal is cleared.
  struct Piece {
    size_t chunk = 0;
    size_t offset = 0;
    size_t size = 0;
  };

  explicit Journal(std::shared_ptr<const Device> device);

  /// All bytes 0; aligned for anything. Throws Error if memory runs out.
  Piece reserve(size_t size);
  template <class T>
  T* address(const Piece& piece) const {
    return chunks_[piece.chunk].memory.as<T>(piece.offset);
  }

  /// Copies all pieces to the host. To be called when the kernels that write them are done.
  void read();
  /// As read last.
  template <class T>
  std::span<const T> found(const Piece& piece) const {
    const auto& bytes = chunks_[piece.chunk].copy;
    return {reinterpret_cast<const T*>(bytes.data() + piece.offset), piece.size / sizeof(T)};
  }
  /// Gives all pieces back.
  void clear();

 private:
  struct Chunk {
    Memory memory;
    size_t used = 0;
    std::vector<std::byte> copy = {};
  };

  std::shared_ptr<const Device> device_;
  std::vector<Chunk> chunks_;
};

}  // namespace rangefinder::cuda
