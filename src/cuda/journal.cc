#include "cuda/journal.h"

#include <algorithm>
#include <utility>

namespace rangefinder::cuda {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kLeastSize = size_t{64} << 10;
constexpr char kPurpose[] = "what is found in one run";

}  // namespace

Journal::Journal(std::shared_ptr<const Device> device) : device_(std::move(device)) {}

Journal::Piece Journal::reserve(size_t size) {
  const size_t needed = (size + kAlignment - 1) / kAlignment * kAlignment;
  if (chunks_.empty() || chunks_.back().memory.size() - chunks_.back().used < needed) {
    const size_t before = chunks_.empty() ? 0 : chunks_.back().memory.size();
    chunks_.push_back(
        {.memory = Memory(device_, std::max({needed, 2 * before, kLeastSize}), kPurpose)});
  }
  Chunk& chunk = chunks_.back();
  const Piece piece{.chunk = chunks_.size() - 1, .offset = chunk.used, .size = size};
  chunk.used += needed;
  return piece;
}

void Journal::read() {
  for (Chunk& chunk : chunks_) {
    chunk.copy.resize(chunk.used);
    device_->copy_to_host(chunk.copy, chunk.memory.address());
  }
}

void Journal::clear() {
  // The last chunk is the largest; most runs need as much as the one before.
  if (chunks_.size() > 1) chunks_.erase(chunks_.begin(), chunks_.end() - 1);
  for (Chunk& chunk : chunks_) {
    device_->clear(chunk.memory.address(), std::exchange(chunk.used, 0));
  }
}

}  // namespace rangefinder::cuda
