#include "cli/man_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "cli/help_text.h"
#include "rangefinder/version.h"

namespace rangefinder::cli {
namespace {

/// Text that roff shows as it is: no escapes, and no line that begins like a request.
std::string roff(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool is_first = result.empty() || result.back() == '\n';
    if (is_first && (c == '.' || c == '\'')) result += "\\&";
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else {
      result += c;
    }
  }
  return result;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string section(const HelpSection& help, const char* macro) {
  std::string text = fmt::format("{} \"{}\"\n", macro, roff(help.title));
  for (const TextRow& row : help.rows) {
    text += fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(row.term), roff(row.text));
  }
  if (help.lines.empty()) return text;
  text += ".nf\n";
  for (const std::string& line : help.lines) text += roff(line) + "\n";
  return text + ".fi\n";
}

/// A command with those below it.
std::string commands(const CLI::App& command) {
  const auto below = shown_commands(command);
  std::string text;
  if (below.empty()) {
    text = fmt::format(".SH \"{}\"\n{}\n.PP\n\\fB{}\\fR\n", roff(upper(full_name(command))),
                       roff(command.get_description()), roff(usage_of(command)));
    for (const HelpSection& help : help_sections(command)) text += section(help, ".SS");
  }
  for (const CLI::App* sub : below) text += commands(*sub);
  return text;
}

std::string exit_codes() {
  return ".SH \"EXIT STATUS\"\n"
         ".TP\n0\nAll went well.\n"
         ".TP\n1\nIt failed; nothing was replaced.\n"
         ".TP\n2\nThe command line is wrong.\n"
         ".TP\n130\nInterrupted by Ctrl\\-C (143: SIGTERM, 129: SIGHUP).\n";
}

std::string environment() {
  return ".SH ENVIRONMENT\n"
         ".TP\n\\fBRANGEFINDER_ONNXRUNTIME\\fR\nThe ONNX Runtime to use: its library, or the "
         "folder that holds it.\n"
         ".TP\n\\fBTMPDIR\\fR\nWhere temporary files go.\n"
         ".TP\n\\fBCOLUMNS\\fR, \\fBNO_COLOR\\fR\nThe width of the help; no bold headings.\n";
}

}  // namespace

std::string man_page(const CLI::App& program) {
  std::string text =
      fmt::format(".TH {} 1 \"\" \"rangefinder {}\"\n", upper(program.get_name()), version());
  text += fmt::format(".SH NAME\n{} \\- calibrate and quantize ONNX models\n", program.get_name());
  text += fmt::format(".SH SYNOPSIS\n\\fB{}\\fR\n", roff(usage_of(program)));
  text += fmt::format(".SH DESCRIPTION\n{}\n", roff(program.get_description()));
  for (const HelpSection& help : help_sections(program)) text += section(help, ".SS");
  return text + commands(program) + exit_codes() + environment();
}

}  // namespace rangefinder::cli
