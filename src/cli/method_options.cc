#include "cli/method_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>

#include "cli/help_text.h"
#include "rangefinder/observer.h"

namespace rangefinder::cli {
namespace {

bool is_same_name(const std::string& left, const std::string& right) {
  return std::equal(
      left.begin(), left.end(), right.begin(), right.end(),
      [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

bool is_among(const std::string& name, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& other) { return is_same_name(name, other); });
}

void load_plugins(const std::vector<std::filesystem::path>& plugins) {
  for (const std::filesystem::path& plugin : plugins) load_plugin(plugin);
}

}  // namespace

void require_read_by(const std::set<std::string>& given, const std::vector<MethodInfo>& all,
                     const std::vector<std::string>& used) {
  for (const std::string& option : given) {
    std::vector<std::string> readers;
    for (const MethodInfo& info : all) {
      if (is_among(option, info.options)) readers.push_back(info.name);
    }
    const bool is_read = std::any_of(readers.begin(), readers.end(),
                                     [&](const std::string& name) { return is_among(name, used); });
    if (is_read) continue;
    throw std::invalid_argument(
        fmt::format("--{} would change nothing: it is read by {}, not by {}", option,
                    fmt::join(readers, ", "), fmt::join(used, ", ")));
  }
}

Method MethodArguments::parse(const std::string& target) const {
  load_plugins(plugins);
  Method parsed = method;
  std::vector<std::string> used = {method.name};
  for (const std::string& rule : rules) {
    const auto equals = rule.rfind('=');
    if (equals == std::string::npos || equals == 0) {
      throw std::invalid_argument(fmt::format("--method-for is '{}'; NAME=METHOD is needed", rule));
    }
    parsed.for_tensors.emplace_back(rule.substr(0, equals), rule.substr(equals + 1));
    used.push_back(parsed.for_tensors.back().second);
  }
  validate(parsed, target);
  require_read_by(given, method_infos(), used);
  return parsed;
}

Method MethodArguments::parse() const {
  load_plugins(plugins);
  const auto infos = method_infos();
  const bool is_known = std::any_of(infos.begin(), infos.end(), [&](const MethodInfo& info) {
    return is_same_name(info.name, method.name);
  });
  // Whoever makes the observer says what there is.
  if (is_known) require_read_by(given, infos, {method.name});
  return method;
}

void add_method_options(CLI::App& command, MethodArguments& arguments) {
  const OptionGroup group(command, "Calibration");
  MethodOptions& options = arguments.method.options;
  const auto add = [&](const std::string& name, auto& value, const std::string& description) {
    return add_noted_option(command, name, value, description, arguments.given);
  };
  add("percentile", options.percentile, "For percentile: the share of values kept, (0, 1]")
      ->type_name("P");
  add("alpha", options.alpha, "For std: standard deviations kept")->type_name("X");
  add("axis", options.axis, "For isotone: the axis rows lie along")->type_name("N");
  add("top-k", options.top_count, "For isotone: values whose order is kept")->type_name("N");
  command.add_option("--plugin", arguments.plugins, "Shared library with more methods")
      ->type_name("FILE.so");
}

void add_method_rules(CLI::App& command, MethodArguments& arguments) {
  const OptionGroup group(command, "Calibration");
  command.add_option("--method", arguments.method.name, "How ranges are found (see below)")
      ->type_name("METHOD");
  command
      .add_option("--method-for", arguments.rules,
                  "Another method for tensors of this name (* and ? allowed)")
      ->type_name("NAME=METHOD");
  add_method_options(command, arguments);
}

}  // namespace rangefinder::cli
