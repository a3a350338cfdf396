#include "data/npy_stack.h"

#include <optional>
#include <string>
#include <utility>

#include "base/cancellation.h"
#include "base/error.h"
#include "data/npy.h"
#include "data/reader_pool.h"
#include "data/stacked.h"
#include "data/stacked_files.h"

namespace rangefinder::data {
namespace {

/// An .npy whose samples are read one by one: from any place on, in any order.
class NpyRows : public ForwardReader {
 public:
  explicit NpyRows(const std::filesystem::path& path)
      : stream_(path), reader_(stream_, path.string()) {}

  uint64_t position() const override { return row_; }
  const TensorHeader& header() const { return reader_.header(); }

  /// Not before position(). Throws Error as NpyReader::read_part() does.
  tensor::Tensor read_row(const tensor::Shape& shape, uint64_t row) {
    reader_.skip_parts(shape, row - row_);
    row_ = row + 1;
    return reader_.read_part(shape);
  }

 private:
  FileStream stream_;
  NpyReader reader_;
  uint64_t row_ = 0;
};

/// Empty if that cannot be read.
std::optional<TensorHeader> try_header(const std::filesystem::path& path) {
  try {
    return NpyRows(path).header();
  } catch (const Error&) {
    return std::nullopt;
  }
}

class NpyStack : public StackedFiles {
 public:
  NpyStack(const std::vector<SampleFile>& files, std::vector<TensorHeader> samples,
           const std::vector<uint64_t>& counts)
      : StackedFiles(files, counts),
        samples_(std::move(samples)),
        pool_([this](size_t file) { return std::make_unique<NpyRows>(this->files()[file].path); }) {
  }

  tensor::NamedTensors read_checked(size_t index, const HeaderCheck& check) const override {
    const Place place = place_of(index);
    const TensorHeader& sample = samples_[place.file];
    tensor::NamedTensors read;
    try {
      if (check) check({{"", sample}});
      read.emplace("", pool_.with<NpyRows>(place.file, place.row, [&](NpyRows& rows) {
        return rows.read_row(sample.shape, place.row);
      }));
    } catch (const Error& error) {
      throw error.within({.file = name(index)});
    }
    return read;
  }

 private:
  /// What one sample of each file is.
  std::vector<TensorHeader> samples_;
  mutable ReaderPool pool_;
};

}  // namespace

std::shared_ptr<const SampleSource> open_npy_stack(const std::vector<SampleFile>& files,
                                                   const std::vector<TensorInfo>& inputs) {
  if (inputs.size() != 1) return nullptr;
  const auto& shape = inputs.front().shape;
  const auto first = try_header(files.front().path);
  if (!first || !stack_of(first->shape, shape)) return nullptr;
  std::vector<TensorHeader> samples;
  std::vector<uint64_t> counts;
  for (const SampleFile& file : files) {
    stop_if_cancelled();
    const TensorHeader header = counts.empty() ? *first : NpyRows(file.path).header();
    const auto stack = stack_of(header.shape, shape);
    counts.push_back(stack ? stack->count : 1);
    samples.push_back({header.type, stack ? stack->sample : header.shape});
  }
  return std::make_shared<NpyStack>(files, std::move(samples), counts);
}

}  // namespace rangefinder::data
