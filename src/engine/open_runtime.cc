#include "engine/open_runtime.h"

#include <dlfcn.h>
#include <elf.h>
#include <fmt/format.h>
#include <link.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string_view>
#include <system_error>

#include "base/error.h"

namespace rangefinder::engine {
namespace {

namespace fs = std::filesystem;

constexpr char kNeeded[] = "1.24 or later is needed";

[[noreturn]] void refuse(const fs::path& file, const std::string& why) {
  throw Error(why, {.file = file.string()});
}

/// Bytes that a shared library's headers say it has; 0 if the headers are none of this machine's,
/// which the system says better.
uint64_t size_in_headers(std::ifstream& stream) {
  ElfW(Ehdr) header = {};
  stream.read(reinterpret_cast<char*>(&header), sizeof(header));
  const bool is_known = stream && std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
                        header.e_ident[EI_CLASS] == (sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32);
  if (!is_known || header.e_phentsize != sizeof(ElfW(Phdr))) return 0;
  uint64_t size = header.e_phoff + uint64_t{header.e_phnum} * sizeof(ElfW(Phdr));
  stream.seekg(static_cast<std::streamoff>(header.e_phoff));
  for (int i = 0; i < header.e_phnum; ++i) {
    ElfW(Phdr) segment = {};
    if (!stream.read(reinterpret_cast<char*>(&segment), sizeof(segment))) break;
    size = std::max<uint64_t>(size, segment.p_offset + segment.p_filesz);
  }
  return size;
}

/// The system's loader maps a file without asking for its size, and a half-copied library would end
/// the process by SIGBUS.
void refuse_cut_off(const fs::path& file) {
  std::error_code error;
  const uint64_t size = fs::file_size(file, error);
  std::ifstream stream(file, std::ios::binary);
  if (error || !stream) return;
  const uint64_t needed = size_in_headers(stream);
  if (size < needed) {
    refuse(file, fmt::format("cannot be opened as ONNX Runtime ({}): {} bytes, by its headers {}",
                             kNeeded, size, needed));
  }
}

void* open_library(const fs::path& file) {
  if (file.has_parent_path()) refuse_cut_off(file);
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* reason = dlerror();
    refuse(file, fmt::format("cannot be opened as ONNX Runtime ({}): {}", kNeeded,
                             reason != nullptr ? reason : "no reason given"));
  }
  return library;
}

fs::path place_of(void* library, const fs::path& asked) {
  const link_map* map = nullptr;
  const bool known = dlinfo(library, RTLD_DI_LINKMAP, &map) == 0 && map->l_name[0] != '\0';
  const fs::path place = known ? fs::path(map->l_name) : asked;
  std::error_code error;
  const fs::path resolved = fs::canonical(place, error);
  return error ? place : resolved;
}

const OrtApiBase& base_of(void* library, const fs::path& file) {
  using GetApiBase = const OrtApiBase*(ORT_API_CALL*)();
  const auto get = reinterpret_cast<GetApiBase>(dlsym(library, "OrtGetApiBase"));
  if (get == nullptr) {
    refuse(file, fmt::format("not ONNX Runtime: OrtGetApiBase() is missing; {}", kNeeded));
  }
  const OrtApiBase* base = get();
  if (base == nullptr) refuse(file, "not ONNX Runtime: OrtGetApiBase() gives nothing");
  return *base;
}

/// Told by its version, because a library that is asked for an interface it lacks prints a message.
bool is_too_old(std::string_view version) {
  uint32_t major = 0;
  uint32_t minor = 0;
  const char* const end = version.data() + version.size();
  const auto after_major = std::from_chars(version.data(), end, major);
  if (after_major.ec != std::errc() || after_major.ptr == end || *after_major.ptr != '.') {
    return false;  // Not a version as we know them: its interface will tell.
  }
  if (std::from_chars(after_major.ptr + 1, end, minor).ec != std::errc()) return false;
  return major < 1 || (major == 1 && minor < kRuntimeApiVersion);
}

/// The library's functions up to those of our interface and nothing behind them: a function that
/// the oldest release lacks is null with any release, so that no test can pass by using it.
const OrtApi* functions_of(const OrtApi& library) {
  // The first function of interface 25.
  constexpr size_t kSize = offsetof(OrtApi, RunOptionsEnableProfiling);
  alignas(OrtApi) static std::byte table[sizeof(OrtApi)] = {};
  std::memcpy(table, &library, kSize);
  return reinterpret_cast<const OrtApi*>(table);
}

}  // namespace

OpenedRuntime open_runtime(const fs::path& file) {
  void* const library = open_library(file);
  const fs::path place = place_of(library, file);
  const OrtApiBase& base = base_of(library, place);
  const char* const version = base.GetVersionString();
  const OrtApi* const api = is_too_old(version) ? nullptr : base.GetApi(kRuntimeApiVersion);
  if (api == nullptr) refuse(place, fmt::format("is ONNX Runtime {}; {}", version, kNeeded));
  return {version, place, functions_of(*api)};
}

}  // namespace rangefinder::engine
