#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "rangefinder/method.h"
#include "rangefinder/method_info.h"

namespace rangefinder::cli {

struct MethodArguments {
  Method method = {};
  std::vector<std::string> rules;
  std::vector<std::filesystem::path> plugins;
  /// The options of methods that were given, as MethodInfo::options has them.
  std::set<std::string> given;

  /// Loads the plug-ins. Throws std::invalid_argument: an unknown method, a method that does not
  /// serve the target's activations, a pattern without a method, an option that none of the methods
  /// reads.
  Method parse(const std::string& target) const;
  /// The same for one method and any grid.
  Method parse() const;
};

/// --percentile --alpha --axis --top-k --plugin, for every command that names methods.
void add_method_options(CLI::App& command, MethodArguments& arguments);

/// --method --method-for, and add_method_options().
void add_method_rules(CLI::App& command, MethodArguments& arguments);

/// An option that only some methods or types read: that it was given is noted, by its name, in
/// `given`, which must live as long as the command.
template <typename Value>
CLI::Option* add_noted_option(CLI::App& command, const std::string& name, Value& value,
                              const std::string& description, std::set<std::string>& given) {
  return command.add_option("--" + name, value, description)
      ->each([&given, name](const std::string&) { given.insert(name); });
}

/// Throws std::invalid_argument if an option was given that none of `used` reads; `all` says which
/// would. "--quantile is read by quantile, ...; not by max"
void require_read_by(const std::set<std::string>& given, const std::vector<MethodInfo>& all,
                     const std::vector<std::string>& used);

}  // namespace rangefinder::cli
