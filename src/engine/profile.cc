#include "engine/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <unordered_map>

#include "base/cancellation.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "engine/runtime.h"
#include "engine/temporary_folder.h"

namespace rangefinder::engine {
namespace {

constexpr size_t kWarmUpRuns = 2;
constexpr std::string_view kKernelSuffix = "_kernel_time";

/// A session that writes down what its kernels take.
class ProfiledSession {
 public:
  explicit ProfiledSession(const ModelSource& model) : name_(model.name()) {
    Ort::SessionOptions options = runtime_options(model, {});
    options.EnableProfiling((folder_.path() / "kernels").c_str());
    session_ = model.bytes.empty()
                   ? Ort::Session(environment(), model.file.c_str(), options)
                   : Ort::Session(environment(), model.bytes.data(), model.bytes.size(), options);
    Ort::AllocatorWithDefaultOptions allocator;
    for (size_t i = 0; i < session_.GetInputCount(); ++i) {
      inputs_.push_back(tensor_info(session_.GetInputNameAllocated(i, allocator).get(),
                                    session_.GetInputTypeInfo(i)));
    }
    for (size_t i = 0; i < session_.GetOutputCount(); ++i) {
      outputs_.emplace_back(session_.GetOutputNameAllocated(i, allocator).get());
    }
  }

  void run(const tensor::NamedTensors& sample, const std::string& sample_name) {
    const BoundInputs bound = bind_inputs(inputs_, sample, sample_name);
    std::vector<Ort::Value> values;
    std::vector<const char*> input_names;
    std::vector<const char*> output_names;
    for (const auto& view : bound.views) values.push_back(borrow(view));
    for (const auto& input : inputs_) input_names.push_back(input.name.c_str());
    for (const auto& output : outputs_) output_names.push_back(output.c_str());
    session_.Run(Ort::RunOptions(), input_names.data(), values.data(), values.size(),
                 output_names.data(), output_names.size());
  }

  std::string finish() {
    Ort::AllocatorWithDefaultOptions allocator;
    return read_file(session_.EndProfilingAllocated(allocator).get());
  }

 private:
  TemporaryFolder folder_;
  std::string name_;
  Ort::Session session_{nullptr};
  std::vector<TensorInfo> inputs_;
  std::vector<std::string> outputs_;
};

struct Durations {
  std::string node;
  std::string op_type;
  std::vector<double> seconds;
};

std::vector<Durations> durations_of(const std::string& profile) {
  std::vector<Durations> kernels;
  std::unordered_map<std::string, size_t> places;
  for (const auto& event : parse_json(profile)) {
    const std::string name = event.value("name", "");
    if (event.value("cat", "") != "Node" || !name.ends_with(kKernelSuffix)) continue;
    const std::string node = name.substr(0, name.size() - kKernelSuffix.size());
    const auto [place, is_new] = places.try_emplace(node, kernels.size());
    if (is_new) kernels.push_back({node, event.at("args").value("op_name", ""), {}});
    kernels[place->second].seconds.push_back(event.value("dur", 0.0) * 1e-6);
  }
  return kernels;
}

double median_of_later(std::vector<double> seconds) {
  const size_t skipped = std::min(kWarmUpRuns, seconds.size() - 1);
  const auto begin = seconds.begin() + static_cast<ptrdiff_t>(skipped);
  const auto middle = begin + (seconds.end() - begin) / 2;
  std::nth_element(begin, middle, seconds.end());
  return *middle;
}

/// Without what was put behind the name; empty if nothing is known to have been.
std::optional<std::string> without_addition(const std::string& name) {
  static constexpr std::array<std::string_view, 3> kWords = {"_nchwc", "_quant", "_nhwc"};
  for (const auto& word : kWords) {
    if (name.size() > word.size() && name.ends_with(word)) {
      return name.substr(0, name.size() - word.size());
    }
  }
  const auto place = name.find_last_not_of("0123456789");
  if (place == std::string::npos || place + 1 == name.size() || name[place] != '_') {
    return std::nullopt;
  }
  const std::string_view token = "_token_";
  const std::string shorter = name.substr(0, place + 1);
  const size_t cut = shorter.ends_with(token) ? token.size() : 1;
  return shorter.substr(0, shorter.size() - cut);
}

}  // namespace

std::vector<KernelTime> profile_kernels(const ModelSource& model,
                                        const tensor::NamedTensors& sample,
                                        const std::string& sample_name, size_t runs) {
  try {
    ProfiledSession session(model);
    for (size_t i = 0; i < kWarmUpRuns + runs; ++i) {
      stop_if_cancelled();
      session.run(sample, sample_name);
    }
    std::vector<KernelTime> times;
    for (auto& kernel : durations_of(session.finish())) {
      times.push_back({std::move(kernel.node), std::move(kernel.op_type),
                       median_of_later(std::move(kernel.seconds))});
    }
    return times;
  } catch (const Ort::Exception& error) {
    throw Error(fmt::format("cannot be profiled: {}", error.what()), {.file = model.name()});
  } catch (const nlohmann::json::exception& error) {
    throw Error(fmt::format("ONNX Runtime's profile is not understood: {}", error.what()),
                {.file = model.name()});
  } catch (const std::invalid_argument& error) {
    throw Error(fmt::format("ONNX Runtime's profile is not understood: {}", error.what()),
                {.file = model.name()});
  }
}

std::vector<std::string> possible_names(const std::string& kernel) {
  static constexpr std::string_view kFused = "fused ";
  std::vector<std::string> names;
  for (std::optional<std::string> name = kernel; name; name = without_addition(*name)) {
    names.push_back(*name);
    if (name->starts_with(kFused)) names.push_back(name->substr(kFused.size()));
  }
  return names;
}

}  // namespace rangefinder::engine
