#include "engine/runtime_search.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <link.h>
#include <sys/auxv.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.h"

namespace rangefinder::engine {
namespace {

namespace fs = std::filesystem;

constexpr char kSystemName[] = "libonnxruntime.so.1";
constexpr std::string_view kStem = "libonnxruntime.so";

/// 1, 29, 0 of libonnxruntime.so.1.29.0; nothing of any other file.
std::optional<std::vector<int>> release_of(const std::string& name) {
  if (!name.starts_with(kStem)) return std::nullopt;
  std::vector<int> numbers;
  const char* at = name.data() + kStem.size();
  const char* const end = name.data() + name.size();
  while (at != end) {
    int number = 0;
    const auto parsed = std::from_chars(at + 1, end, number);
    if (*at != '.' || parsed.ec != std::errc()) return std::nullopt;
    numbers.push_back(number);
    at = parsed.ptr;
  }
  return numbers;
}

std::optional<fs::path> library_directly_in(const fs::path& folder) {
  std::error_code ignored;
  if (fs::exists(folder / kSystemName, ignored)) return folder / kSystemName;
  std::optional<std::pair<std::vector<int>, fs::path>> latest;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const auto release = release_of(entry.path().filename().string());
    if (!release || entry.is_directory(ignored)) continue;
    const std::pair found(*release, entry.path());
    if (!latest || *latest < found) latest = found;
  }
  if (!latest) return std::nullopt;
  return latest->second;
}

std::optional<fs::path> library_in(const fs::path& folder) {
  for (const fs::path& part : {folder, folder / "lib", folder / "capi"}) {
    if (auto found = library_directly_in(part)) return found;
  }
  return std::nullopt;
}

/// `from` says in messages who wants it.
fs::path required(const fs::path& file_or_folder, const std::string& from) {
  std::error_code error;
  const fs::file_status status = fs::status(file_or_folder, error);
  if (!fs::exists(status)) {
    throw Error(fmt::format("no such file or folder, named by {} as ONNX Runtime", from),
                {.file = file_or_folder.string()});
  }
  // Absolute, because a bare name would be looked up in the system's folders.
  if (!fs::is_directory(status)) return fs::absolute(file_or_folder);
  if (const auto found = library_in(file_or_folder)) return fs::absolute(*found);
  throw Error(fmt::format("no {} in this folder, named by {}", kSystemName, from),
              {.file = file_or_folder.string()});
}

}  // namespace

fs::path find_runtime(const RuntimeSearch& search) {
  if (!search.named.empty()) return required(search.named, "the caller");
  if (!search.environment.empty()) return required(search.environment, "RANGEFINDER_ONNXRUNTIME");
  if (!search.own_folder.empty()) {
    for (const char* place : {"../lib/rangefinder", "rangefinder"}) {
      if (const auto found = library_directly_in(search.own_folder / place)) return *found;
    }
  }
  return kSystemName;
}

fs::path own_folder() {
  Dl_info info = {};
  link_map* map = nullptr;
  const int found = dladdr1(reinterpret_cast<const void*>(&own_folder), &info,
                            reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP);
  // The program itself has no name among the loaded objects, and not every root has /proc.
  const bool is_library = found != 0 && map != nullptr && map->l_name[0] != '\0';
  const char* const started_as = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
  std::error_code error;
  fs::path file = fs::canonical(is_library ? map->l_name : "/proc/self/exe", error);
  if (error && !is_library && started_as != nullptr) file = fs::canonical(started_as, error);
  return error ? fs::path() : file.parent_path();
}

}  // namespace rangefinder::engine
