#include "bench/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>

namespace rangefinder::bench {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

void replace_process(const std::string& program, std::vector<char*>& arguments) {
  const int nowhere = ::open("/dev/null", O_WRONLY);
  ::dup2(nowhere, STDOUT_FILENO);
  ::execv(program.c_str(), arguments.data());
  ::_exit(127);
}

}  // namespace

ProcessFigures run_process(const std::string& program, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), program);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child == 0) replace_process(program, pointers);
  int status = 0;
  rusage usage = {};
  if (child < 0 || ::wait4(child, &status, 0, &usage) < 0) {
    throw std::runtime_error(std::strerror(errno));
  }
  if (status != 0)
    throw std::runtime_error(fmt::format("the measured process failed: {}", program));
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
  return {passed.count(), seconds(usage.ru_utime) + seconds(usage.ru_stime),
          static_cast<uint64_t>(usage.ru_maxrss) * 1024};
}

ProcessFigures run_self(std::vector<std::string> arguments) {
  return run_process("/proc/self/exe", std::move(arguments));
}

}  // namespace rangefinder::bench
