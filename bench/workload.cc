#include "bench/workload.h"

#include <fmt/format.h>

#include <charconv>
#include <random>
#include <stdexcept>

#include "base/file.h"
#include "bench/resnet50.h"
#include "targets/target.h"
#include "workflow/plan.h"

namespace rangefinder::bench {
namespace {

constexpr int64_t kRaggedStep = 32;
constexpr int64_t kRaggedSizes = 4;
constexpr size_t kDifferentSamples = 64;

tensor::Shape parse_shape(std::string_view text) {
  tensor::Shape shape;
  while (!text.empty()) {
    int64_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc() || size <= 0) throw std::invalid_argument("not a shape");
    shape.push_back(size);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (!text.empty() && text.front() != 'x') throw std::invalid_argument("not a shape");
    if (!text.empty()) text.remove_prefix(1);
  }
  return shape;
}

Workload prepare(std::string name, const std::filesystem::path& file, tensor::Shape shape,
                 Sums sums) {
  const workflow::Plan plan = workflow::make_plan(file);
  Workload workload;
  workload.name = std::move(name);
  workload.original = engine::ModelSource(file);
  workload.prepared = plan.prepared_source();
  const auto rows = workflow::default_rows(plan);
  workload.tensors = sums == Sums::kKept ? plan.observed_with_sums(rows) : plan.observed(rows);
  workload.shape = std::move(shape);
  return workload;
}

}  // namespace

NormalSamples::NormalSamples(tensor::Shape shape, size_t count, bool ragged)
    : shape_(std::move(shape)), count_(count), ragged_(ragged) {
  tensor::Shape largest = shape_;
  for (size_t i = 2; ragged_ && i < largest.size(); ++i) {
    largest[i] += kRaggedStep * (kRaggedSizes - 1);
  }
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  values_.resize(static_cast<size_t>(tensor::element_count(largest)) + kDifferentSamples);
  for (float& value : values_) value = normal(random);
}

tensor::NamedTensors NormalSamples::read(size_t index) const {
  tensor::Shape shape = shape_;
  for (size_t i = 2; ragged_ && i < shape.size(); ++i) {
    shape[i] += kRaggedStep * static_cast<int64_t>((index + i) % kRaggedSizes);
  }
  const auto size = static_cast<size_t>(tensor::element_count(shape));
  const std::span<const float> all(values_);
  return {{"", tensor::Tensor::from_floats(shape, all.subspan(index % kDifferentSamples, size))}};
}

std::string NormalSamples::name(size_t index) const { return fmt::format("sample {}", index); }

Workload open_workload(const std::string& argument, Sums sums) {
  if (argument == "resnet50") {
    const auto folder = std::make_shared<engine::TemporaryFolder>();
    const auto file = folder->path() / "resnet50.onnx";
    write_file(file, make_resnet50());
    Workload workload = prepare("resnet50", file, {1, 3, 224, 224}, sums);
    workload.folder = folder;
    return workload;
  }
  const size_t equals = argument.rfind('=');
  if (equals == std::string::npos) {
    throw std::invalid_argument(fmt::format("'{}' is not {}", argument, kWorkloadHelp));
  }
  const std::filesystem::path file = argument.substr(0, equals);
  return prepare(file.stem().string(), file, parse_shape(argument.substr(equals + 1)), sums);
}

}  // namespace rangefinder::bench
