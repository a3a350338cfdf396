#include "cuda/channel_pages.h"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

#include "cuda/grids.h"

namespace rangefinder::cuda {
namespace {

constexpr size_t kPageSize = kBucketsPerOctave * sizeof(uint32_t);
constexpr char kPurpose[] = "the counts of a tensor's channels";

template <class T>
std::vector<T> copy_of(const Device& device, const Memory& memory) {
  std::vector<T> copy(memory.size() / sizeof(T));
  device.copy_to_host(std::as_writable_bytes(std::span(copy)), memory.address());
  return copy;
}

}  // namespace

ChannelPages::ChannelPages(std::shared_ptr<const Device> device, uint64_t channels)
    : device_(std::move(device)),
      channels_(channels),
      marks_(device_, channels * kMarkWords * sizeof(uint32_t), kPurpose),
      assigned_(device_, channels * kMarkWords * sizeof(uint32_t), kPurpose),
      directory_(device_, channels * kOctaves * sizeof(uint32_t), kPurpose),
      page_count_(device_, sizeof(uint32_t), kPurpose),
      done_(device_) {}

void ChannelPages::count(const void* values, tensor::ElementType type, const LineShape& shape,
                         BatchRecord* records, void* stream) {
  ChannelArguments arguments{.values = values,
                             .shape = shape,
                             .records = records,
                             .marks = marks_.as<uint32_t>(),
                             .assigned = assigned_.as<uint32_t>(),
                             .directory = directory_.as<uint32_t>(),
                             .page_count = page_count_.as<uint32_t>(),
                             .pages = nullptr};
  const unsigned multiprocessors = device_->multiprocessor_count();
  const Grid grid = line_grid(shape, multiprocessors);
  device_->launch(Kernel::kMark, type, grid, arguments, stream);
  device_->launch(Kernel::kAssign, type, assign_grid(channels_, multiprocessors), arguments,
                  stream);
  done_.record(stream);
  done_.wait();
  make_room();
  arguments.pages = pages_.as<uint32_t>();
  device_->launch(Kernel::kPage, type, grid, arguments, stream);
  pending_ += shape.entries * shape.rows * shape.channels * shape.inner;
}

void ChannelPages::make_room() {
  const size_t needed = copy_of<uint32_t>(*device_, page_count_).front() * kPageSize;
  if (needed <= pages_.size()) return;
  Memory larger(device_, std::max(needed, 2 * pages_.size()), kPurpose);
  larger.copy_from(pages_);
  pages_ = std::move(larger);
}

void ChannelPages::flush(std::span<statistics::TensorStatistics> into) {
  if (into.size() != channels_) throw std::invalid_argument("another number of channels");
  if (std::exchange(pending_, 0) == 0) return;
  const auto directory = copy_of<uint32_t>(*device_, directory_);
  const auto pages = copy_of<uint32_t>(*device_, pages_);
  device_->clear(pages_.address(), pages_.size());
  for (size_t i = 0; i < directory.size(); ++i) {
    if (directory[i] == 0) continue;
    const auto* page = &pages[(directory[i] - 1) * size_t{kBucketsPerOctave}];
    add_octave(page, static_cast<uint32_t>(i % kOctaves), into[i / kOctaves].histogram);
  }
}

}  // namespace rangefinder::cuda
