#include "cli/options.h"

#include <fmt/format.h>

#include <cstdio>
#include <stdexcept>

#include "cli/metric_command.h"
#include "cli/signals.h"
#include "rangefinder/observer.h"
#include "rangefinder/printable.h"

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

PictureOptions DataArguments::pictures() const {
  PictureOptions picture;
  if (!mean.empty()) picture.mean = parse_numbers(mean);
  if (!std.empty()) picture.std = parse_numbers(std);
  if (!scale.empty()) {
    const auto numbers = parse_numbers(scale);
    if (numbers.size() != 1) throw std::invalid_argument("--scale takes one number");
    picture.scale = numbers.front();
  }
  if (!resize.empty()) picture.resize = parse_picture_size(resize);
  if (!crop.empty()) picture.crop = parse_picture_size(crop);
  picture.layout =
      choose<Layout>("--layout", layout, {{"nchw", Layout::kNchw}, {"nhwc", Layout::kNhwc}});
  picture.channels = choose<Channels>(
      "--channels", channels,
      {{"rgb", Channels::kRgb}, {"bgr", Channels::kBgr}, {"gray", Channels::kGray}});
  validate(picture);
  return picture;
}

SampleSource DataArguments::source() const { return SampleSource::from_files(paths, pictures()); }

Shard DataArguments::parsed_shard() const { return shard.empty() ? Shard() : parse_shard(shard); }

std::optional<size_t> DataArguments::limit() const {
  if (samples == 0) return std::nullopt;
  return samples;
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

void add_held_out_option(CLI::App& command, DataArguments& arguments) {
  command.add_option("--held-out", arguments.most_held_out,
                     "Hold out N samples at most, to judge the result; 0: none; default: 32");
}

RunControl run_control(const RunArguments& arguments, Progress& progress) {
  RunControl options{.jobs = arguments.jobs};
  options.nonfinite =
      choose<Nonfinite>("--nonfinite", arguments.nonfinite,
                        {{"error", Nonfinite::kError}, {"ignore", Nonfinite::kIgnore}});
  options.progress = [&progress](const std::string& stage, size_t done, size_t total) {
    progress.update(stage, done, total);
  };
  options.notice = tell;
  options.cancelled = &interrupted();
  options.keep = arguments.keep;
  return options;
}

void tell(const std::string& message) {
  std::fprintf(stderr, "rangefinder: %s\n", printable(message).c_str());
}

void add_run_options(CLI::App& command, RunArguments& arguments) {
  command.add_option("--jobs", arguments.jobs, "Cores to use, a worker on each; default: all")
      ->check(CLI::PositiveNumber);
  command.add_option("--progress", arguments.progress,
                     "auto (default: a bar on a terminal), json (a line per event) or none");
}

void add_keep_option(CLI::App& command, RunArguments& arguments) {
  command.add_option("--keep", arguments.keep,
                     "A folder for the prepared, instrumented and quantized models and the plan: "
                     "for a look inside");
}

void add_nonfinite_option(CLI::App& command, RunArguments& arguments) {
  command.add_option("--nonfinite", arguments.nonfinite,
                     "NaN or infinity in a tensor: error (default) or ignore (counted, not used)");
}

void add_plan_options(CLI::App& command, PlanArguments& arguments) {
  command.add_option("--target", arguments.options.target,
                     "Runtime to write for; default: ort-cpu");
  command.add_option("--exclude", arguments.options.exclude,
                     "Nodes that stay float, by their name or that of a tensor they make "
                     "(* and ? allowed)");
}

Method MethodArguments::parse(const std::string& target) const {
  for (const std::filesystem::path& plugin : plugins) load_plugin(plugin);
  Method parsed = method;
  for (const std::string& rule : rules) {
    const auto equals = rule.rfind('=');
    if (equals == std::string::npos || equals == 0) {
      throw std::invalid_argument(fmt::format("--method-for is '{}'; NAME=METHOD is needed", rule));
    }
    parsed.for_tensors.emplace_back(rule.substr(0, equals), rule.substr(equals + 1));
  }
  validate(parsed, target);
  return parsed;
}

void add_method_options(CLI::App& command, MethodArguments& arguments) {
  MethodOptions& options = arguments.method.options;
  command.add_option("--percentile", options.percentile, "For percentile: the share kept, (0, 1]");
  command.add_option("--alpha", options.alpha, "For std: standard deviations kept");
  command.add_option("--axis", options.axis, "For isotone: the axis rows lie along; default: -1");
  command.add_option("--top-k", options.top_count, "For isotone: values whose order is kept");
  command.add_option("--plugin", arguments.plugins, "Shared library with more methods");
}

void add_method_rules(CLI::App& command, MethodArguments& arguments) {
  command.add_option("--method", arguments.method.name,
                     "Calibration method; default: " + arguments.method.name);
  command.add_option("--method-for", arguments.rules,
                     "NAME=METHOD: another method for tensors of this name (* and ? allowed)");
  add_method_options(command, arguments);
}

void add_effort_option(CLI::App& command, std::string& effort) {
  command.add_option("--effort", effort,
                     "fast (ranges only), normal (default: also smooths norms, corrects biases and "
                     "stores embeddings and LSTM weights as int8) or, for quantize, thorough (also "
                     "rounds weights by what that does to outputs)");
}

ChoiceOptions ChoiceArguments::options() const {
  ChoiceOptions options{.min_sqnr = min_sqnr, .fastest = fastest, .decisions = decisions};
  if (metric.empty() != !max_drop) {
    throw std::invalid_argument("--metric and --max-drop go together");
  }
  if (metric.empty()) {
    if (metric_timeout) throw std::invalid_argument("--metric-timeout needs --metric");
    return options;
  }
  MetricCommand command{.command = metric};
  if (metric_timeout) command.timeout_seconds = *metric_timeout;
  validate(command);
  options.metric = command;
  options.max_drop = *max_drop;
  return options;
}

void add_choice_options(CLI::App& command, ChoiceArguments& arguments) {
  const char* group = "What stays float";
  command
      .add_option("--min-sqnr", arguments.min_sqnr,
                  "Leave float what keeps an output below so many dB; without it, 20 with --effort "
                  "normal")
      ->group(group);
  command
      .add_option("--metric", arguments.metric,
                  "Leave float what lowers your own figure: a command in which {model} becomes a "
                  "model's file; its last line is a number, higher is better")
      ->group(group);
  command
      .add_option("--max-drop", arguments.max_drop,
                  "By how much --metric may be lower than that of the float model")
      ->group(group);
  command
      .add_option("--metric-timeout", arguments.metric_timeout,
                  "Seconds that the command may take; default: 3600")
      ->group(group);
  command
      .add_flag("--fastest", arguments.fastest,
                "Leave float what integers make slower on this machine; never slower than float")
      ->group(group);
  command
      .add_option("--decisions", arguments.decisions,
                  "What was left float and why (JSON): written, or followed if it is there")
      ->group(group);
}

void add_report_option(CLI::App& command, std::filesystem::path& report) {
  command.add_option("--report", report, "Also write a page to look at here (.html)");
}

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

}  // namespace rangefinder::cli
