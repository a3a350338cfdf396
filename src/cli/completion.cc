#include <memory>

#include "cli/completion_scripts.h"
#include "cli/help_text.h"
#include "cli/options.h"
#include "cli/subcommands.h"
#include "cli/value_kind.h"

namespace rangefinder::cli {
namespace {

std::string script(const CLI::App& program, const std::string& shell) {
  if (shell == "bash") return bash_completion(program);
  return shell == "zsh" ? zsh_completion(program) : fish_completion(program);
}

}  // namespace

void add_completion(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  auto& command = *app.add_subcommand(
      "completion", "Print the script by which a shell completes commands, options and files");
  auto* option = command.add_option("SHELL", *shell, "bash, zsh or fish")->required();
  require_word(*option, {"bash", "zsh", "fish"});
  add_examples(command,
               {"source <(rangefinder completion bash)",
                "rangefinder completion fish > ~/.config/fish/completions/rangefinder.fish"});
  command.callback([shell, &app] { print(script(app, *shell)); });
}

}  // namespace rangefinder::cli
