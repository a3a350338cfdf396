#include "support/program.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

extern char** environ;

namespace rangefinder::support {
namespace {

using File = std::unique_ptr<FILE, int (*)(FILE*)>;

// A file without a name: no pipe can fill up and block the program.
File scratch_file() {
  File file(std::tmpfile(), &std::fclose);
  if (!file) throw std::runtime_error("cannot create a temporary file");
  return file;
}

std::string content_of(const File& file) {
  std::string text;
  std::rewind(file.get());
  char buffer[4096];
  for (size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, file.get())) > 0;) {
    text.append(buffer, n);
  }
  return text;
}

int wait_for(pid_t process, const std::string& program) {
  int status = 0;
  waitpid(process, &status, 0);
  if (!WIFEXITED(status)) throw std::runtime_error(program + " was ended by a signal");
  return WEXITSTATUS(status);
}

}  // namespace

ProgramResult run_program(const std::string& program, const std::vector<std::string>& arguments) {
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const File output = scratch_file();
  const File errors = scratch_file();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, fileno(output.get()), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, fileno(errors.get()), STDERR_FILENO);
  pid_t process = 0;
  const int failure = posix_spawn(&process, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) throw std::runtime_error("cannot start " + program);
  const int exit_code = wait_for(process, program);
  return {exit_code, content_of(output), content_of(errors)};
}

}  // namespace rangefinder::support
