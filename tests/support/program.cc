#include "support/program.h"

#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
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

/// A started program and what it writes.
class Running {
 public:
  Running(const std::string& program, const std::vector<std::string>& arguments)
      : program_(program) {
    std::vector<char*> argv = {const_cast<char*>(program.c_str())};
    for (const std::string& word : arguments) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fileno(output_.get()), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fileno(errors_.get()), STDERR_FILENO);
    const int failure = posix_spawn(&process_, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) throw std::runtime_error("cannot start " + program);
  }

  void interrupt_after_first_error(int signal) const {
    constexpr useconds_t kMicroseconds = 500;
    while (!ended() && !wrote_errors()) ::usleep(kMicroseconds);
    ::kill(process_, signal);  // Of no effect on one that has ended but was not waited for.
  }

  void kill_after(unsigned microseconds) const {
    constexpr unsigned kStep = 500;
    for (unsigned passed = 0; !ended() && passed < microseconds; passed += kStep) ::usleep(kStep);
    ::kill(process_, SIGKILL);
  }

  ProgramResult wait() const {
    if (auto result = wait_unless_killed()) return *result;
    throw std::runtime_error(program_ + " was ended by a signal");
  }

  std::optional<ProgramResult> wait_unless_killed() const {
    int status = 0;
    ::waitpid(process_, &status, 0);
    if (!WIFEXITED(status)) return std::nullopt;
    return ProgramResult{WEXITSTATUS(status), content_of(output_), content_of(errors_)};
  }

 private:
  bool ended() const {
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT);
    return info.si_pid != 0;
  }
  bool wrote_errors() const {
    struct stat file = {};
    return ::fstat(fileno(errors_.get()), &file) == 0 && file.st_size > 0;
  }

  std::string program_;
  File output_ = scratch_file();
  File errors_ = scratch_file();
  pid_t process_ = 0;
};

}  // namespace

ProgramResult run_program(const std::string& program, const std::vector<std::string>& arguments) {
  return Running(program, arguments).wait();
}

std::optional<ProgramResult> kill_program(const std::string& program,
                                          const std::vector<std::string>& arguments,
                                          unsigned microseconds) {
  const Running running(program, arguments);
  running.kill_after(microseconds);
  return running.wait_unless_killed();
}

ProgramResult interrupt_program(const std::string& program,
                                const std::vector<std::string>& arguments, int signal) {
  const Running running(program, arguments);
  running.interrupt_after_first_error(signal);
  return running.wait();
}

}  // namespace rangefinder::support
