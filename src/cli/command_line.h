#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace rangefinder::cli {

/// The words of a command line, without the program's name, as CLI11 is to read them: behind the
/// values of a list it finds "--" where a file stands that only a required argument can be, so that
/// `quantize --data samples model.onnx -o out.onnx` means what it says.
/// Throws std::invalid_argument naming what is near: a command or an option that there is not, an
/// option where a value is needed.
std::vector<std::string> understood(const CLI::App& program, const std::vector<std::string>& words);

/// Where a command line ends up: the program, or one of its commands.
const CLI::App& command_of(const CLI::App& program, const std::vector<std::string>& words);

/// The command below `parent` of this name. Throws std::invalid_argument naming near ones.
const CLI::App& find_command(const CLI::App& parent, const std::string& name);

/// What to do about it, to hang on the message of an argument that is missing: a list may have
/// taken it.
std::string missing_argument_hint(const CLI::App& command);

}  // namespace rangefinder::cli
