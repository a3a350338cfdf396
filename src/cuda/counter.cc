// Kernels write what they find into pieces of a journal, and each call leaves a note of what is to
// be done with its piece. When the run is over, the journal is read in one go and the notes are
// worked off by the same code that counts on the host: exact sums, rows and figures exist once.

#include "cuda/counter.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "cuda/count_kernel.h"
#include "cuda/grids.h"
#include "cuda/row_kernel.h"
#include "cuda/sum_kernel.h"

namespace rangefinder::cuda {
namespace {

using statistics::Extrema;

/// So many values are counted by one launch at most: a thread counts in 32 bits.
constexpr uint64_t kMostValues = uint64_t{1} << 31;

// What the kernels are compiled with, and what reads their results.
static_assert(kOctaves == statistics::ValueHistogram::kOctaveCount);
static_assert(kBucketsPerOctave == statistics::ValueHistogram::kBucketsPerOctave);

void check(bool fits) {
  if (!fits) throw std::invalid_argument("values or statistics do not fit the layout");
}

const std::byte* at(const DeviceValues& values, uint64_t index) {
  return static_cast<const std::byte*>(values.address) + index * tensor::element_size(values.type);
}

/// Calls `work` with parts of the values that one launch may count.
template <class Work>
void for_each_part(const DeviceValues& values, const Work& work) {
  for (uint64_t i = 0; i < values.size; i += kMostValues) {
    DeviceValues part = values;
    part.address = at(values, i);
    part.size = std::min(kMostValues, values.size - i);
    work(part);
  }
}

Extrema extrema_of(const BatchRecord& record) {
  Extrema found;
  if (record.high != 0) {
    found.add_range(as_float(from_ordered(~record.low)), as_float(from_ordered(record.high)));
  }
  found.nan_count = record.nan_count;
  found.positive_infinity_count = record.positive_infinity_count;
  found.negative_infinity_count = record.negative_infinity_count;
  return found;
}

/// The largest |x|; infinity if any value is not finite.
float largest_magnitude(std::span<const BatchRecord> records) {
  float largest = 0;
  for (const BatchRecord& record : records) {
    const Extrema found = extrema_of(record);
    if (found.nan_count + found.infinity_count() > 0) return std::numeric_limits<float>::infinity();
    if (!found.has_range()) continue;
    largest = std::max({largest, std::fabs(found.min), std::fabs(found.max)});
  }
  return largest;
}

void take_records(std::span<const BatchRecord> records, const CountPlaces& into) {
  for (size_t c = 0; c < records.size(); ++c) {
    const Extrema batch = extrema_of(records[c]);
    into.channels[c].extrema.merge(batch);
    into.channels[c].histogram.add_zeros(records[c].zero_count);
    if (!into.figures.empty()) into.figures[c].add(batch);
  }
}

void take_sums(std::span<const int64_t> sums, std::span<const BatchRecord> records,
               const statistics::SumLayout& layout, statistics::ChannelSums& into) {
  const float largest = largest_magnitude(records);
  if (!std::isfinite(largest)) return;
  const int shift = sum_shift(as_bits(largest));
  for (size_t i = 0; i < layout.entries; ++i) {
    into.add(
        {-shift, layout.rows * layout.inner, sums.subspan(i * layout.channels, layout.channels)});
  }
}

}  // namespace

Counter::Counter(std::shared_ptr<const Device> device, size_t tensor_count)
    : device_(std::move(device)), tensors_(tensor_count), journal_(device_), last_(device_) {}

void Counter::count(size_t tensor, const DeviceValues& values,
                    const std::optional<statistics::ChannelLayout>& layout,
                    const CountPlaces& into) {
  check(!into.channels.empty() || layout);
  check(into.figures.empty() || into.figures.size() == into.channels.size());
  Tensor& counted = tensors_.at(tensor);
  // Shown twice in one run, a tensor is two batches.
  if (counted.records) finish();
  counted.records = journal_.reserve(into.channels.size() * sizeof(BatchRecord));
  if (layout) {
    count_channels(counted, values, *layout, into);
  } else {
    check(into.channels.size() == 1);
    count_together(counted, values, into.channels.front());
  }
  pending_.emplace_back([records = *counted.records, into](const Journal& journal) {
    take_records(journal.found<BatchRecord>(records), into);
  });
}

void Counter::count_together(Tensor& tensor, const DeviceValues& values,
                             statistics::TensorStatistics& into) {
  if (!tensor.keys) tensor.keys = std::make_unique<KeyCounts>(device_);
  for_each_part(values, [&](const DeviceValues& part) {
    if (!tensor.keys->has_room_for(part.size)) {
      wait();
      tensor.keys->flush(into.histogram);
    }
    tensor.keys->note(part.size);
    launch_count(part, tensor.keys->counters(), *tensor.records);
  });
}

void Counter::launch_count(const DeviceValues& values, uint32_t* table,
                           const Journal::Piece& record) {
  if (values.size == 0) return;
  const CountArguments arguments{.values = values.address,
                                 .size = values.size,
                                 .table = table,
                                 .record = journal_.address<BatchRecord>(record)};
  device_->launch(Kernel::kCount, values.type,
                  count_grid(values.size, device_->multiprocessor_count()), arguments,
                  values.stream);
  last_.record(values.stream);
}

void Counter::count_channels(Tensor& tensor, const DeviceValues& values,
                             const statistics::ChannelLayout& layout, const CountPlaces& into) {
  check(values.size == layout.batch * layout.channels * layout.inner);
  check(into.channels.size() == layout.channels);
  if (!tensor.pages) tensor.pages = std::make_unique<ChannelPages>(device_, layout.channels);
  check(tensor.pages->channel_count() == layout.channels);
  if (!tensor.pages->has_room_for(values.size)) {
    wait();
    tensor.pages->flush(into.channels);
    check(tensor.pages->has_room_for(values.size));
  }
  if (values.size == 0) return;
  tensor.pages->count(values.address, values.type, {1, layout.batch, layout.channels, layout.inner},
                      journal_.address<BatchRecord>(*tensor.records), values.stream);
  last_.record(values.stream);
}

void Counter::add_sums(size_t tensor, const DeviceValues& values,
                       const statistics::SumLayout& layout, statistics::ChannelSums& into) {
  check(layout.block == 0 && values.size == layout.entries * layout.entry_size());
  if (values.size == 0) return;
  Tensor& counted = tensors_.at(tensor);
  std::optional<Journal::Piece> records = counted.records;
  if (!records) {
    records = journal_.reserve(sizeof(BatchRecord));
    for_each_part(values, [&](const DeviceValues& part) { launch_count(part, nullptr, *records); });
  }
  const auto sums = journal_.reserve(layout.entries * layout.channels * sizeof(int64_t));
  const SumArguments arguments{
      .values = values.address,
      .shape = {layout.entries, layout.rows, layout.channels, layout.inner},
      .records = journal_.address<BatchRecord>(*records),
      .record_count = records->size / sizeof(BatchRecord),
      .sums = journal_.address<uint64_t>(sums)};
  device_->launch(Kernel::kSum, values.type,
                  line_grid(arguments.shape, device_->multiprocessor_count()), arguments,
                  values.stream);
  last_.record(values.stream);
  pending_.emplace_back([sums, records = *records, layout, &into](const Journal& journal) {
    take_sums(journal.found<int64_t>(sums), journal.found<BatchRecord>(records), layout, into);
  });
}

void Counter::keep_rows(const DeviceValues& values, size_t length, size_t inner,
                        statistics::RowTop& into) {
  static_assert(kRowWidth == statistics::RowTop::kWidth);
  if (values.size == 0) return;
  check(length != 0 && inner != 0 && values.size % (length * inner) == 0);
  if (length < 2) return;
  const uint64_t rows = values.size / length;
  const auto tuples = journal_.reserve(rows * sizeof(statistics::RowTop::Tuple));
  const RowArguments arguments{.values = values.address,
                               .row_count = rows,
                               .length = length,
                               .inner = inner,
                               .tuples = journal_.address<uint32_t>(tuples)};
  device_->launch(Kernel::kRow, values.type, row_grid(rows, device_->multiprocessor_count()),
                  arguments, values.stream);
  last_.record(values.stream);
  pending_.emplace_back([tuples, &into](const Journal& journal) {
    for (const auto& tuple : journal.found<statistics::RowTop::Tuple>(tuples)) {
      into.add_tuple(tuple);
    }
  });
}

std::vector<std::byte> Counter::copy(const DeviceValues& values) {
  last_.record(values.stream);
  last_.wait();
  std::vector<std::byte> bytes(values.size * tensor::element_size(values.type));
  device_->copy_to_host(bytes, reinterpret_cast<Address>(values.address));
  return bytes;
}

void Counter::wait() { last_.wait(); }

void Counter::finish() {
  if (pending_.empty()) return;
  wait();
  journal_.read();
  const auto notes = std::exchange(pending_, {});
  for (Tensor& tensor : tensors_) tensor.records.reset();
  for (const auto& note : notes) note(journal_);
  journal_.clear();
}

void Counter::flush(size_t tensor, std::span<statistics::TensorStatistics> into) {
  Tensor& counted = tensors_.at(tensor);
  if (counted.keys) counted.keys->flush(into.front().histogram);
  if (counted.pages) counted.pages->flush(into);
}

}  // namespace rangefinder::cuda
