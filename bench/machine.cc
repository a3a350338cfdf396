#include "bench/machine.h"

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <thread>

#include "base/file.h"

namespace rangefinder::bench {
namespace {

#ifdef NDEBUG
constexpr bool kIsReleaseBuild = true;
#else
constexpr bool kIsReleaseBuild = false;
#endif

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown processor";
}

}  // namespace

int run_program(const char* program, int (*run)(int argc, char** argv), int argc, char** argv) {
  try {
    if (kIsReleaseBuild) return run(argc, argv);
    fmt::print(stderr, "{}: not a release build, its figures would mean nothing\n", program);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", program, error.what());
  }
  return 1;
}

std::string machine() {
#ifdef __clang__
  const std::string compiler = "Clang " __clang_version__;
#else
  const std::string compiler = "GCC " __VERSION__;
#endif
  return fmt::format("{}, {} cores, {}", processor(), std::thread::hardware_concurrency(),
                     compiler);
}

void write_json(nlohmann::ordered_json result, const std::string& file) {
  result["machine"] = machine();
  const std::string line = result.dump() + "\n";
  if (file == "-") {
    fmt::print("{}", line);
  } else {
    write_file(file, line);
  }
}

}  // namespace rangefinder::bench
