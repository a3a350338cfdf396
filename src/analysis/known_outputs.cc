#include "analysis/known_outputs.h"

#include <algorithm>
#include <utility>

namespace rangefinder::analysis {
namespace {

uint64_t bytes_of(const tensor::NamedTensors& tensors) {
  uint64_t bytes = 0;
  for (const auto& [name, value] : tensors) bytes += value.bytes().size();
  return bytes;
}

}  // namespace

KnownOutputs::Values KnownOutputs::find(uint64_t sample) const {
  const std::lock_guard lock(mutex_);
  const auto found = values_.find(sample);
  return found == values_.end() ? nullptr : found->second;
}

KnownOutputs::Values KnownOutputs::find(uint64_t sample,
                                        std::span<const std::string> outputs) const {
  Values values = find(sample);
  const auto is_there = [&](const std::string& name) { return values->contains(name); };
  return values && std::ranges::all_of(outputs, is_there) ? values : nullptr;
}

KnownOutputs::Values KnownOutputs::keep(uint64_t sample, tensor::NamedTensors values,
                                        uint64_t most_bytes) {
  auto kept = std::make_shared<const tensor::NamedTensors>(std::move(values));
  const uint64_t bytes = bytes_of(*kept);
  const std::lock_guard lock(mutex_);
  const auto before = values_.find(sample);
  const uint64_t freed = before == values_.end() ? 0 : bytes_of(*before->second);
  if (bytes_ - freed + bytes > std::min(most_bytes, most_bytes_)) {
    is_full_ = true;
    return kept;
  }
  bytes_ += bytes - freed;
  values_[sample] = kept;
  return kept;
}

void KnownOutputs::borrow(uint64_t sample, tensor::NamedTensors values) {
  set_borrowed(true);
  keep(sample, std::move(values), kMostBorrowedBytes);
}

bool KnownOutputs::has_room_to_borrow(uint64_t more_bytes) const {
  return !is_full() && bytes() + more_bytes <= std::min(most_bytes_, kMostBorrowedBytes);
}

bool KnownOutputs::empty() const {
  const std::lock_guard lock(mutex_);
  return values_.empty();
}

uint64_t KnownOutputs::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

bool KnownOutputs::is_full() const {
  const std::lock_guard lock(mutex_);
  return is_full_;
}

void KnownOutputs::clear() {
  const std::lock_guard lock(mutex_);
  values_.clear();
  bytes_ = 0;
  is_full_ = false;
  are_borrowed_ = false;
}

bool KnownOutputs::are_borrowed() const {
  const std::lock_guard lock(mutex_);
  return are_borrowed_;
}

void KnownOutputs::set_borrowed(bool are_borrowed) {
  const std::lock_guard lock(mutex_);
  are_borrowed_ = are_borrowed;
}

}  // namespace rangefinder::analysis
