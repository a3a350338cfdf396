#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <vector>

#include "rangefinder/near_names.h"

namespace rangefinder::cli {
namespace {

constexpr double kRedrawSeconds = 0.1;
constexpr int kBarWidth = 30;

}  // namespace

Progress::Progress(const std::string& mode) : mode_(Mode::kNone) {
  if (mode == "auto") {
    mode_ = ::isatty(STDERR_FILENO) != 0 ? Mode::kBar : Mode::kNone;
  } else if (mode == "json") {
    mode_ = Mode::kJson;
  } else if (mode != "none") {
    const std::vector<std::string> known = {"auto", "json", "none"};
    throw std::invalid_argument("--progress is '" + mode + "'; allowed are auto, json, none" +
                                did_you_mean(mode, known));
  }
}

void Progress::update(const std::string& stage, size_t done, size_t total) {
  if (mode_ == Mode::kNone) return;
  if (stage != stage_) {
    finish();
    stage_ = stage;
    began_ = std::chrono::steady_clock::now();
    last_drawn_ = -1;
  }
  if (mode_ == Mode::kJson) {
    const nlohmann::ordered_json event = {{"event", "progress"},
                                          {"stage", stage},
                                          {"done", done},
                                          {"total", total},
                                          {"seconds", seconds()}};
    std::fprintf(stderr, "%s\n", event.dump().c_str());
    return;
  }
  if (done < total && seconds() - last_drawn_ < kRedrawSeconds) return;
  draw_bar(stage, done, total);
}

double Progress::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
}

void Progress::draw_bar(const std::string& stage, size_t done, size_t total) {
  last_drawn_ = seconds();
  const double share = total == 0 ? 1 : static_cast<double>(done) / static_cast<double>(total);
  const int filled = static_cast<int>(share * kBarWidth);
  const double left = done == 0 ? 0 : last_drawn_ * (1 - share) / share;
  const std::string text = fmt::format("\r{:<8} [{:#<{}}{:.<{}}] {}/{}  {:.1f} s left ", stage, "",
                                       filled, "", kBarWidth - filled, done, total, left);
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
  line_open_ = true;
}

void Progress::finish() {
  if (line_open_) std::fputs("\n", stderr);
  line_open_ = false;
}

}  // namespace rangefinder::cli
