#include "cli/options.h"

#include <fmt/format.h>

#include <stdexcept>

#include "observers/plugin.h"
#include "observers/registry.h"
#include "targets/target.h"

namespace rangefinder::cli {
namespace {

/// The value that goes with a word, for options that take one of a few.
template <typename Value>
Value choose(const char* option, const std::string& word,
             const std::vector<std::pair<std::string, Value>>& choices) {
  std::string known;
  for (const auto& [name, value] : choices) {
    if (name == word) return value;
    known += (known.empty() ? "" : ", ") + name;
  }
  throw std::invalid_argument(fmt::format("{} is '{}'; allowed are {}", option, word, known));
}

}  // namespace

data::DataOptions DataArguments::parse() const {
  data::DataOptions options;
  options.paths = paths;
  if (samples > 0) options.samples = samples;
  if (!shard.empty()) options.shard = data::parse_shard(shard);
  auto& picture = options.picture;
  if (!mean.empty()) picture.mean = data::parse_numbers(mean);
  if (!std.empty()) picture.std = data::parse_numbers(std);
  if (!scale.empty()) {
    const auto numbers = data::parse_numbers(scale);
    if (numbers.size() != 1) throw std::invalid_argument("--scale takes one number");
    picture.scale = numbers.front();
  }
  if (!resize.empty()) picture.resize = data::parse_picture_size(resize);
  if (!crop.empty()) picture.crop = data::parse_picture_size(crop);
  picture.layout = choose<data::Layout>(
      "--layout", layout, {{"nchw", data::Layout::kNchw}, {"nhwc", data::Layout::kNhwc}});
  picture.channels = choose<data::Channels>("--channels", channels,
                                            {{"rgb", data::Channels::kRgb},
                                             {"bgr", data::Channels::kBgr},
                                             {"gray", data::Channels::kGray}});
  data::validate(picture);
  return options;
}

void add_data_options(CLI::App& command, DataArguments& arguments) {
  command
      .add_option("--data", arguments.paths, "Samples: .npy, .npz or pictures, or folders of them")
      ->required();
  command
      .add_option("--samples", arguments.samples,
                  "Use the first N samples; quantize and observe hold out others")
      ->check(CLI::PositiveNumber);
  const char* group = "Pictures";
  command.add_option("--mean", arguments.mean, "Subtracted per channel, after --scale")
      ->group(group);
  command.add_option("--std", arguments.std, "Divided by per channel")->group(group);
  command
      .add_option("--scale", arguments.scale,
                  "Pixels (0-255) are multiplied by this first, e.g. 1/255")
      ->group(group);
  command.add_option("--resize", arguments.resize, "WxH, or N for the shorter side")->group(group);
  command.add_option("--crop", arguments.crop, "WxH cut from the center")->group(group);
  command.add_option("--layout", arguments.layout, "nchw (default) or nhwc")->group(group);
  command.add_option("--channels", arguments.channels, "rgb (default), bgr or gray")->group(group);
}

workflow::RunOptions run_options(const RunArguments& arguments, Progress& progress) {
  workflow::RunOptions options{.jobs = arguments.jobs};
  options.nonfinite = choose<engine::Nonfinite>(
      "--nonfinite", arguments.nonfinite,
      {{"error", engine::Nonfinite::kError}, {"ignore", engine::Nonfinite::kIgnore}});
  options.progress = [&progress](const std::string& stage, size_t done, size_t total) {
    progress.update(stage, done, total);
  };
  options.cancelled = &interrupted();
  return options;
}

void add_run_options(CLI::App& command, RunArguments& arguments) {
  command.add_option("--jobs", arguments.jobs, "Cores to use, a worker on each; default: all")
      ->check(CLI::PositiveNumber);
  command.add_option("--progress", arguments.progress,
                     "auto (default: a bar on a terminal), json (a line per event) or none");
}

void add_nonfinite_option(CLI::App& command, RunArguments& arguments) {
  command.add_option("--nonfinite", arguments.nonfinite,
                     "NaN or infinity in a tensor: error (default) or ignore (counted, not used)");
}

workflow::PlanOptions PlanArguments::parse() const {
  return {.target = &targets::find_target(target), .exclude = exclude};
}

void add_plan_options(CLI::App& command, PlanArguments& arguments) {
  command.add_option("--target", arguments.target, "Runtime to write for; default: ort-cpu");
  command.add_option("--exclude", arguments.exclude,
                     "Nodes that stay float, by their name or that of a tensor they make "
                     "(* and ? allowed)");
}

passes::RuntimeCalibration CalibrationArguments::parse(const targets::Target& target) const {
  for (const std::filesystem::path& plugin : plugins) observers::load_plugin(plugin);
  const auto& config = target.activation;
  passes::RuntimeCalibration parsed = calibration;
  // Made once to see that it can be made, before the work.
  const auto known = [&](const std::string& method) {
    observers::registry().create(method, config, parsed.options);
    return observers::canonical_method(method);
  };
  parsed.method = known(parsed.method);
  for (const std::string& rule : method_for) {
    const auto equals = rule.rfind('=');
    if (equals == std::string::npos || equals == 0) {
      throw std::invalid_argument(fmt::format("--method-for is '{}'; NAME=METHOD is needed", rule));
    }
    parsed.method_for.emplace_back(rule.substr(0, equals), known(rule.substr(equals + 1)));
  }
  return parsed;
}

void add_method_options(CLI::App& command, observers::CalibrationOptions& options,
                        std::vector<std::filesystem::path>& plugins) {
  command.add_option("--percentile", options.percentile, "For percentile: the share kept, (0, 1]");
  command.add_option("--alpha", options.alpha, "For std: standard deviations kept");
  command.add_option("--axis", options.axis, "For isotone: the axis rows lie along; default: -1");
  command.add_option("--top-k", options.top_count, "For isotone: values whose order is kept");
  command.add_option("--plugin", plugins, "Shared library with more methods");
}

void add_calibration_options(CLI::App& command, CalibrationArguments& arguments) {
  command.add_option("--method", arguments.calibration.method,
                     "Calibration method; default: " + arguments.calibration.method);
  command.add_option("--method-for", arguments.method_for,
                     "NAME=METHOD: another method for tensors of this name (* and ? allowed)");
  add_method_options(command, arguments.calibration.options, arguments.plugins);
}

}  // namespace rangefinder::cli
