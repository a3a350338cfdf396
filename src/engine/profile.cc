#include "engine/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/cancellation.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/median.h"
#include "engine/runtime.h"
#include "engine/temporary_folder.h"

namespace rangefinder::engine {
namespace {

constexpr std::string_view kKernelSuffix = "_kernel_time";
/// What the profiler calls a run of the whole model.
constexpr std::string_view kRun = "model_run";

/// A session that writes down what its kernels take.
class ProfiledSession {
 public:
  ProfiledSession(const ModelSource& model, OptimizationLevel optimization) {
    Ort::SessionOptions options = runtime_options(model, {.optimization = optimization});
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
  Ort::Session session_{nullptr};
  std::vector<TensorInfo> inputs_;
  std::vector<std::string> outputs_;
};

/// A kernel's call, in microseconds.
struct Call {
  double begin;
  double end;
  std::string node;
  std::string op_type;
};

/// Calls by nodes of bodies lie within that of the node that holds the body: which stands for them.
void drop_nested(std::vector<Call>& calls) {
  std::ranges::stable_sort(calls, [](const Call& a, const Call& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  double end = 0;
  std::erase_if(calls, [&](const Call& call) {
    if (call.begin < end) return true;
    end = call.end;
    return false;
  });
}

/// The calls of each run, in the order of time. A run is written down behind its calls.
std::vector<std::vector<Call>> runs_of(const std::string& profile) {
  std::vector<std::vector<Call>> runs;
  std::vector<Call> calls;
  for (const auto& event : parse_json(profile)) {
    const std::string name = event.value("name", "");
    if (name == kRun) {
      drop_nested(calls);
      runs.push_back(std::exchange(calls, {}));
    } else if (event.value("cat", "") == "Node" && name.ends_with(kKernelSuffix)) {
      const double begin = event.value("ts", 0.0);
      calls.push_back({begin, begin + event.value("dur", 0.0),
                       name.substr(0, name.size() - kKernelSuffix.size()),
                       event.at("args").value("op_name", "")});
    }
  }
  return runs;
}

std::vector<KernelTime> times_of(std::span<const std::vector<Call>> runs) {
  std::vector<KernelTime> kernels;
  std::vector<std::vector<double>> microseconds;
  std::unordered_map<std::string, size_t> places;
  for (size_t run = 0; run < runs.size(); ++run) {
    for (const Call& call : runs[run]) {
      const auto [place, is_new] = places.try_emplace(call.node, kernels.size());
      if (is_new) {
        kernels.push_back({call.node, call.op_type});
        microseconds.emplace_back(runs.size(), 0.0);
      }
      microseconds[place->second][run] += call.end - call.begin;
    }
  }
  for (size_t i = 0; i < kernels.size(); ++i) {
    kernels[i].least_seconds = *std::ranges::min_element(microseconds[i]) * 1e-6;
    kernels[i].seconds = median(std::move(microseconds[i])) * 1e-6;
  }
  return kernels;
}

/// What runtime and profile complain of, as an Error that names the model.
template <typename Work>
auto named_errors(const ModelSource& model, const Work& work) {
  try {
    return work();
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

using Clock = std::chrono::steady_clock;

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

Profiles profile_in_turn(std::span<const ModelSource> models, const tensor::NamedTensors& sample,
                         const std::string& sample_name, const ProfileOptions& options) {
  if (options.least_runs < 1 || options.least_runs > options.most_runs) {
    throw std::invalid_argument("runs must satisfy 1 <= least <= most");
  }
  std::vector<std::unique_ptr<ProfiledSession>> sessions;
  for (const ModelSource& model : models) {
    named_errors(model, [&] {
      sessions.push_back(std::make_unique<ProfiledSession>(model, options.optimization));
    });
  }
  const auto run_each = [&] {
    for (size_t i = 0; i < sessions.size(); ++i) {
      stop_if_cancelled();
      named_errors(models[i], [&] { sessions[i]->run(sample, sample_name); });
    }
  };
  for (size_t i = 0; i < options.warm_up_runs; ++i) run_each();
  Profiles profiles;
  const double most = options.seconds * static_cast<double>(sessions.size());
  const auto begin = Clock::now();
  for (; profiles.runs < options.most_runs; ++profiles.runs) {
    const std::chrono::duration<double> taken = Clock::now() - begin;
    if (profiles.runs >= options.least_runs && taken.count() > most) break;
    run_each();
  }
  for (size_t i = 0; i < sessions.size(); ++i) {
    profiles.kernels.push_back(named_errors(models[i], [&] {
      const auto runs = runs_of(sessions[i]->finish());
      return times_of(std::span(runs).subspan(std::min(options.warm_up_runs, runs.size())));
    }));
  }
  return profiles;
}

std::vector<KernelTime> profile_kernels(const ModelSource& model,
                                        const tensor::NamedTensors& sample,
                                        const std::string& sample_name) {
  return std::move(profile_in_turn({&model, 1}, sample, sample_name).kernels.front());
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
