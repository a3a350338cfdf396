#include "data/npz_stack.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "data/npz_rows.h"
#include "data/stacked.h"
#include "data/stacked_files.h"

namespace rangefinder::data {
namespace {

/// How one file holds its samples.
struct FileLayout {
  uint64_t count = 1;
  bool is_stack = true;
  /// A sample for each array, for the model's only input; otherwise along the arrays.
  bool is_by_array = false;
  /// Of one sample, by the arrays' names.
  NamedHeaders sample = {};
};

std::string numbered(uint64_t number) { return fmt::format("arr_{}", number); }

/// Whether the arrays are arr_0, arr_1, ..., and none of that name is an input.
bool are_numbered(const NamedHeaders& headers, const std::vector<TensorInfo>& inputs) {
  for (uint64_t i = 0; i < headers.size(); ++i) {
    if (!headers.contains(numbered(i))) return false;
  }
  return inputs.size() == 1 && !headers.contains(inputs.front().name);
}

/// Arrays that stand for inputs: the shape that each is compared with.
std::map<std::string, std::optional<tensor::Shape>> shapes_of(
    const std::vector<TensorInfo>& inputs) {
  std::map<std::string, std::optional<tensor::Shape>> shapes;
  for (const TensorInfo& input : inputs) shapes[input.name] = input.shape;
  return shapes;
}

[[noreturn]] void refuse_uneven(const std::string& file, const std::string& one, uint64_t count,
                                const std::string& other, uint64_t other_count) {
  const auto told = [](uint64_t n) {
    return n == 1 ? std::string("one sample") : fmt::format("{} samples", n);
  };
  throw Error(fmt::format("'{}' holds {}, '{}' {}: all arrays must hold as many", one, told(count),
                          other, told(other_count)),
              {.file = file});
}

/// Nothing if some array is none of the inputs'.
std::optional<FileLayout> stacks_of(
    const NamedHeaders& headers, const std::map<std::string, std::optional<tensor::Shape>>& shapes,
    const std::string& file) {
  FileLayout layout{.is_stack = false};
  std::string first;
  for (const auto& [name, header] : headers) {
    const auto shape = shapes.find(name);
    if (shape == shapes.end()) return std::nullopt;
    const auto stack = stack_of(header.shape, shape->second);
    const uint64_t count = stack ? stack->count : 1;
    layout.is_stack = layout.is_stack || stack;
    if (first.empty()) {
      first = name;
      layout.count = count;
    }
    if (count != layout.count) refuse_uneven(file, first, layout.count, name, count);
    layout.sample[name] = {header.type, stack ? stack->sample : header.shape};
  }
  return layout;
}

std::optional<FileLayout> layout_of(const NamedHeaders& headers,
                                    const std::vector<TensorInfo>& inputs,
                                    const std::string& file) {
  if (!are_numbered(headers, inputs)) return stacks_of(headers, shapes_of(inputs), file);
  if (headers.size() == 1) {
    auto stacked = stacks_of(headers, {{numbered(0), inputs.front().shape}}, file);
    if (stacked->is_stack) return stacked;
  }
  return FileLayout{.count = headers.size(), .is_by_array = true};
}

std::vector<uint64_t> counts_of(const std::vector<FileLayout>& layouts) {
  std::vector<uint64_t> counts;
  for (const FileLayout& layout : layouts) counts.push_back(layout.count);
  return counts;
}

class NpzStack : public StackedFiles {
 public:
  NpzStack(const std::vector<SampleFile>& files, std::vector<FileLayout> layouts)
      : StackedFiles(files, counts_of(layouts)),
        layouts_(std::move(layouts)),
        pool_([this](size_t file) { return std::make_unique<NpzRows>(this->files()[file].path); }) {
  }

  tensor::NamedTensors read_checked(size_t index, const HeaderCheck& check) const override {
    const auto place = place_of(index);
    const size_t row = place.row;
    const FileLayout& layout = layouts_[place.file];
    try {
      return pool_.with<NpzRows>(place.file, layout.is_by_array ? 0 : row, [&](NpzRows& rows) {
        return layout.is_by_array ? read_array(rows, row, check)
                                  : read_row(rows, layout, row, check);
      });
    } catch (const Error& error) {
      throw error.within({.file = name(index)});
    }
  }

 private:
  /// An array that stands for the only input has no name of its own.
  static std::string input_of(const FileLayout& layout, const std::string& array) {
    return layout.sample.size() == 1 && array == numbered(0) ? std::string() : array;
  }

  static tensor::NamedTensors read_row(NpzRows& rows, const FileLayout& layout, uint64_t row,
                                       const HeaderCheck& check) {
    NamedHeaders headers;
    std::map<std::string, tensor::Shape> shapes;
    for (const auto& [name, header] : layout.sample) {
      headers[input_of(layout, name)] = header;
      shapes[name] = header.shape;
    }
    if (check) check(headers);
    tensor::NamedTensors sample;
    for (auto& [name, values] : rows.read_row(shapes, row)) {
      sample.emplace(input_of(layout, name), std::move(values));
    }
    return sample;
  }

  static tensor::NamedTensors read_array(NpzRows& rows, uint64_t number, const HeaderCheck& check) {
    tensor::NamedTensors sample;
    sample.emplace("", rows.read(numbered(number), check));
    return sample;
  }

  std::vector<FileLayout> layouts_;
  mutable ReaderPool pool_;
};

}  // namespace

std::shared_ptr<const SampleSource> open_npz_stack(const std::vector<SampleFile>& files,
                                                   const std::vector<TensorInfo>& inputs) {
  std::vector<FileLayout> layouts;
  for (const SampleFile& file : files) {
    const std::string path = file.path.string();
    const auto layout = layout_of(NpzRows(file.path).headers(), inputs, path);
    if (layouts.empty() && (!layout || !layout->is_stack)) return nullptr;
    if (!layout) {
      throw Error(fmt::format("its arrays have other names than the inputs of {}, which holds many "
                              "samples",
                              files.front().path.string()),
                  {.file = path});
    }
    layouts.push_back(*layout);
  }
  return std::make_shared<NpzStack>(files, std::move(layouts));
}

}  // namespace rangefinder::data
