#include "cli/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <stdexcept>

#include "cli/help_text.h"
#include "cli/metric_command.h"
#include "cli/signals.h"
#include "cli/value_kind.h"
#include "rangefinder/near_names.h"
#include "rangefinder/printable.h"

namespace rangefinder::cli {
namespace {

/// The value that goes with a word, for options that take one of a few.
template <typename Value>
Value choose(const char* option, const std::string& word,
             const std::vector<std::pair<std::string, Value>>& choices) {
  std::vector<std::string> known;
  for (const auto& [name, value] : choices) {
    if (name == word) return value;
    known.push_back(name);
  }
  throw std::invalid_argument(fmt::format("{} is '{}'; allowed are {}{}", option, word,
                                          fmt::join(known, ", "), did_you_mean(word, known)));
}

constexpr char kRunning[] = "Running";

void add_picture_options(CLI::App& command, DataArguments& arguments) {
  const OptionGroup group(command, "Pictures");
  command.add_option("--mean", arguments.mean, "Subtracted per channel, after --scale")
      ->type_name("X,...")
      ->default_str("0");
  command.add_option("--std", arguments.std, "Divided by per channel")
      ->type_name("X,...")
      ->default_str("1");
  command
      .add_option("--scale", arguments.scale,
                  "Pixels (0-255) are multiplied by this first, e.g. 1/255")
      ->type_name("X")
      ->default_str("1");
  command.add_option("--resize", arguments.resize, "Width x height, or N for the shorter side")
      ->type_name("WxH")
      ->default_str("as it is");
  command.add_option("--crop", arguments.crop, "Cut from the center; N for a square")
      ->type_name("WxH")
      ->default_str("nothing");
  command.add_option("--layout", arguments.layout, "The order of the input's axes")
      ->type_name("nchw|nhwc");
  command.add_option("--channels", arguments.channels, "The order of the input's channels")
      ->type_name("rgb|bgr|gray");
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

SampleSource DataArguments::source(const RunControl& run) const {
  SampleSource found = SampleSource::from_files(paths, pictures());
  const uint64_t count = found.size().value_or(samples);
  if (count < samples && run.notice) {
    run.notice(fmt::format("--samples {}, but there are {}: all are used", samples, count));
  }
  return found;
}

Shard DataArguments::parsed_shard() const { return shard.empty() ? Shard() : parse_shard(shard); }

std::optional<size_t> DataArguments::limit() const {
  if (samples == 0) return std::nullopt;
  return samples;
}

void add_data_options(CLI::App& command, DataArguments& arguments) {
  {
    const OptionGroup group(command, "Samples");
    command
        .add_option(
            "--data", arguments.paths,
            "Samples: .npy, .npz, pictures, tar archives of them; folders; @FILE, a list of "
            "paths; or - for .npy after .npy on standard input")
        ->type_name(kSamplePath)
        ->required();
    command
        .add_option("--samples", arguments.samples,
                    "Use the first N samples; quantize and observe hold out others")
        ->check(CLI::PositiveNumber)
        ->type_name("N")
        ->default_str("all");
  }
  add_picture_options(command, arguments);
}

void add_held_out_option(CLI::App& command, DataArguments& arguments) {
  command
      .add_option("--held-out", arguments.most_held_out,
                  "Hold out N samples at most, to judge the result; 0: none")
      ->type_name("N")
      ->group("Samples");
}

RunControl run_control(const RunArguments& arguments, Progress& progress) {
  RunControl options{.jobs = arguments.jobs};
  options.nonfinite =
      choose<Nonfinite>("--nonfinite", arguments.nonfinite,
                        {{"error", Nonfinite::kError}, {"ignore", Nonfinite::kIgnore}});
  options.progress = [&progress](const std::string& stage, size_t done, size_t total) {
    progress.update(stage, done, total);
  };
  if (!arguments.quiet) options.notice = tell;
  options.cancelled = &interrupted();
  options.keep = arguments.keep;
  options.device = parse_device(arguments.device);
  return options;
}

RunControl run_control(const RunArguments& arguments, Progress& progress, const Rank& rank) {
  RunControl options = run_control(arguments, progress);
  if (rank.is_first()) return options;
  options.progress = {};
  options.notice = {};
  options.keep.clear();
  return options;
}

void tell(const std::string& message) {
  std::fprintf(stderr, "rangefinder: %s\n", printable(message).c_str());
}

void add_run_options(CLI::App& command, RunArguments& arguments) {
  command.add_option("--jobs", arguments.jobs, "Cores to use, a worker on each")
      ->check(CLI::PositiveNumber)
      ->type_name("N")
      ->default_str("all")
      ->group(kRunning);
  add_progress_option(command, arguments.progress);
}

void add_progress_option(CLI::App& command, std::string& mode) {
  command
      .add_option("--progress", mode,
                  "auto: a bar on a terminal; json: a line per event, on standard error")
      ->type_name("auto|json|none")
      ->group(kRunning);
}

void add_quiet_option(CLI::App& command, bool& quiet, const std::string& description) {
  auto* option = command.add_flag("-q,--quiet", quiet, description)->group(kRunning);
  if (auto* progress = command.get_option_no_throw("--progress")) option->excludes(progress);
}

void add_model_results(CLI::App& command, ResultFiles& results) {
  const OptionGroup group(command, "Results");
  add_result_option(command, "-o,--output", results.model, "Where the int8 model goes", kModelFile)
      ->required();
  add_result_option(command, "--summary", results.summary, "Also write the summary here",
                    kJsonFile);
  add_report_option(command, results.report);
}

void add_checkpoint_options(CLI::App& command, Checkpoint& checkpoint) {
  const OptionGroup group(command, kRunning);
  auto* file = add_result_option(command, "--checkpoint", checkpoint.file,
                                 "Save here now and then how far the run is: killed, the same "
                                 "command goes on from there; removed at the end",
                                 "FILE");
  command.add_option("--every", checkpoint.every, "Save after every N samples")
      ->check(CLI::PositiveNumber)
      ->type_name("N")
      ->default_str("as often as takes less than 1 % of the time")
      ->needs(file);
  command
      .add_flag("--resume", checkpoint.resume,
                "There must be a checkpoint to go on from: else it is an error, and nothing is run")
      ->needs(file);
}

void add_device_option(CLI::App& command, RunArguments& arguments) {
  command
      .add_option("--device", arguments.device,
                  "Where the float model runs while it is observed; cuda:1 is the second device")
      ->type_name("cpu|cuda")
      ->group(kRunning);
}

void add_keep_option(CLI::App& command, RunArguments& arguments) {
  command
      .add_option("--keep", arguments.keep,
                  "Also keep the prepared, instrumented and quantized models and the plan in this "
                  "folder: for a look inside")
      ->type_name(kFolder)
      ->group("Results");
}

void add_nonfinite_option(CLI::App& command, RunArguments& arguments) {
  command
      .add_option("--nonfinite", arguments.nonfinite,
                  "NaN or infinity in a tensor is an error, or is counted and not used")
      ->type_name("error|ignore")
      ->group("Samples");
}

void add_plan_options(CLI::App& command, PlanArguments& arguments) {
  const OptionGroup group(command, "Quantization");
  command.add_option("--target", arguments.options.target, "The runtime to write for (see below)")
      ->type_name("TARGET");
  command
      .add_option("--exclude", arguments.options.exclude,
                  "Nodes that stay float, by their name or that of a tensor they make "
                  "(* and ? allowed)")
      ->type_name("NAME");
}

void add_effort_option(CLI::App& command, std::string& effort) {
  command
      .add_option(
          "--effort", effort,
          "fast: ranges only; normal: also scales channels, corrects biases, stores "
          "embeddings and LSTM weights as int8 and (quantize only) rounds weights of large "
          "convolutional networks by what that does to outputs; where one is ruined, rounds "
          "those of others, too, and leaves parts float; thorough (quantize only): "
          "rounds weights by more samples, however long it takes")
      ->type_name("fast|normal|thorough")
      ->group("Quantization");
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
  const OptionGroup group(command, "What stays float");
  command
      .add_option("--min-sqnr", arguments.min_sqnr,
                  "Leave float what keeps an output below so many dB; without it 20, with --effort "
                  "fast nothing. For qnn: give it codes of 16 bits first")
      ->type_name("DB");
  command
      .add_option("--metric", arguments.metric,
                  "Leave float what lowers your own figure: a command in which {model} becomes a "
                  "model's file; its last line is a number, higher is better")
      ->type_name("COMMAND");
  command
      .add_option("--max-drop", arguments.max_drop,
                  "By how much --metric may be lower than that of the float model")
      ->type_name("X");
  command
      .add_option("--metric-timeout", arguments.metric_timeout, "Seconds that the command may take")
      ->type_name("SECONDS")
      ->default_str(fmt::format("{}", MetricCommand().timeout_seconds));
  command.add_flag("--fastest", arguments.fastest,
                   "Leave float what integers make slower on this machine; never slower than "
                   "float");
  command
      .add_option(
          "--decisions", arguments.decisions,
          "What was left float or got 16 bits, and why: written, or followed if it is there")
      ->type_name(kJsonFile);
}

void add_report_option(CLI::App& command, std::filesystem::path& report) {
  add_result_option(command, "--report", report, "Also write a page to look at here", "FILE.html")
      ->group("Results");
}

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

}  // namespace rangefinder::cli
