#include "cli/metric_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "cli/signals.h"
#include "rangefinder/error.h"
#include "rangefinder/printable.h"

// What the command prints goes into files, which cannot block it however much it prints; it is a
// process group of its own, so that all of it can be killed.

namespace rangefinder::cli {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kPlace = "{model}";
constexpr std::streamoff kShownBytes = 1000;
constexpr auto kPause = std::chrono::milliseconds(10);

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "rangefinder-metric-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      throw Error(fmt::format("cannot make a temporary folder: {}", std::strerror(errno)),
                  {.file = name});
    }
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// For /bin/sh.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

std::string with_model(std::string command, const fs::path& model) {
  const std::string path = quoted(model.string());
  for (size_t at = command.find(kPlace); at != std::string::npos;
       at = command.find(kPlace, at + path.size())) {
    command.replace(at, kPlace.size(), path);
  }
  return command;
}

/// In the child: only calls that are safe after a fork.
[[noreturn]] void become(const char* command, const char* output, const char* errors) {
  ::setpgid(0, 0);
  const int nothing = ::open("/dev/null", O_RDONLY);
  const int out = ::open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int err = ::open(errors, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (nothing >= 0 && out >= 0 && err >= 0) {
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(err, STDERR_FILENO);
    ::execl("/bin/sh", "sh", "-c", command, static_cast<char*>(nullptr));
  }
  ::_exit(127);
}

void kill_group(pid_t child) {
  ::kill(-child, SIGKILL);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

/// The status as waitpid() tells it; empty if the time was up.
std::optional<int> wait_for(pid_t child, double seconds) {
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child) return status;
    if (interrupted().load()) {
      kill_group(child);
      throw Error("interrupted");
    }
    if (Clock::now() > end) {
      kill_group(child);
      return std::nullopt;
    }
    std::this_thread::sleep_for(kPause);
  }
}

/// The end of a file.
std::string tail(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  if (!stream) return {};
  const std::streamoff size = stream.tellg();
  stream.seekg(std::max<std::streamoff>(0, size - kShownBytes));
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1));
}

std::optional<double> number_in_last_line(const std::string& output) {
  const std::string text = trimmed(output);
  const std::string line = trimmed(text.substr(text.find_last_of('\n') + 1));
  double value = 0;
  const auto [end, failure] = std::from_chars(line.data(), line.data() + line.size(), value);
  if (failure != std::errc() || end != line.data() + line.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

class Run {
 public:
  explicit Run(const MetricCommand& metric) : metric_(metric) {}

  double of(const Model& model) {
    model.save(folder_.path() / "model.onnx");
    const std::string command = with_model(metric_.command, folder_.path() / "model.onnx");
    const std::string output = output_file().string();
    const std::string errors = error_file().string();
    const pid_t child = ::fork();
    if (child < 0) fail(fmt::format("cannot be started: {}", std::strerror(errno)));
    if (child == 0) become(command.c_str(), output.c_str(), errors.c_str());
    const auto status = wait_for(child, metric_.timeout_seconds);
    if (!status) fail(fmt::format("did not end within {} seconds", metric_.timeout_seconds));
    if (WIFSIGNALED(*status)) fail(fmt::format("was ended by signal {}", WTERMSIG(*status)));
    if (WEXITSTATUS(*status) != 0) fail(fmt::format("ended with {}", WEXITSTATUS(*status)));
    const auto value = number_in_last_line(tail(output_file()));
    if (!value) fail("printed no number on its last line");
    return *value;
  }

 private:
  fs::path output_file() const { return folder_.path() / "output"; }
  fs::path error_file() const { return folder_.path() / "errors"; }

  [[noreturn]] void fail(const std::string& what) const {
    const std::string printed = trimmed(tail(output_file()) + "\n" + tail(error_file()));
    throw Error(fmt::format("the metric command {}: {}; it printed {}", what,
                            printable(metric_.command),
                            printed.empty() ? "nothing" : "\"" + printable(printed) + "\""));
  }

  const MetricCommand& metric_;
  Folder folder_;
};

}  // namespace

double MetricCommand::operator()(const Model& model) const { return Run(*this).of(model); }

void validate(const MetricCommand& metric) {
  if (metric.command.find(kPlace) == std::string::npos) {
    throw std::invalid_argument(fmt::format(
        "--metric is '{}'; it must hold {{model}}, where the model's file is put", metric.command));
  }
  if (!(metric.timeout_seconds > 0)) {
    throw std::invalid_argument("--metric-timeout takes seconds above 0");
  }
}

}  // namespace rangefinder::cli
