#include "observers/plugin.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "observers/plugin_observer.h"
#include "rangefinder/observer_plugin.h"

namespace rangefinder::observers {
namespace {

/// More than anybody writes: a damaged count must not lead far behind a plug-in's memory.
constexpr uint32_t kMostObservers = 1000;

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& message) {
  throw Error(message, {.file = file.string()});
}

struct Close {
  void operator()(void* library) const { dlclose(library); }
};
using Library = std::unique_ptr<void, Close>;

/// Runs code of the plug-in: whatever comes out of it becomes an Error.
template <typename Work>
auto guarded(const std::filesystem::path& file, Work work) {
  try {
    return work();
  } catch (const std::exception& error) {
    refuse(file, std::string("the plug-in threw while it was loaded: ") + error.what());
  } catch (...) {
    refuse(file, "the plug-in threw something that is no exception of C++ while it was loaded");
  }
}

Library open_library(const std::filesystem::path& file) {
  // Opening a pipe would wait for ever.
  require_regular_file(file);
  // An absolute path, because dlopen looks up bare names in the system's folders.
  Library library(guarded(file, [&] {
    return dlopen(std::filesystem::absolute(file).c_str(), RTLD_NOW | RTLD_LOCAL);
  }));
  if (!library) {
    const char* reason = dlerror();
    refuse(file, std::string("the plug-in cannot be loaded: ") + (reason ? reason : "unknown"));
  }
  return library;
}

const rangefinder_plugin& describe(const Library& library, const std::filesystem::path& file) {
  const auto entry = reinterpret_cast<rangefinder_plugin_entry>(
      dlsym(library.get(), RANGEFINDER_OBSERVER_PLUGIN_ENTRY));
  if (entry == nullptr) {
    refuse(file, "is no observer plug-in: it does not export " +
                     std::string(RANGEFINDER_OBSERVER_PLUGIN_ENTRY) + "()");
  }
  const rangefinder_plugin* plugin = guarded(file, entry);
  if (plugin == nullptr) refuse(file, "the plug-in describes nothing");
  if (plugin->abi_version != RANGEFINDER_OBSERVER_ABI_VERSION) {
    refuse(file, "the plug-in was built for version " + std::to_string(plugin->abi_version) +
                     " of the observer interface; this program has version " +
                     std::to_string(RANGEFINDER_OBSERVER_ABI_VERSION));
  }
  if (plugin->observer_count == 0 || plugin->observers == nullptr) {
    refuse(file, "the plug-in brings no observers");
  }
  return *plugin;
}

/// Why a description cannot be registered; empty if it can.
std::string obstacle(const std::string& name, const rangefinder_observer& observer,
                     const Registry& into) {
  if (!observer.create || !observer.destroy || !observer.solve) {
    return "lacks create(), destroy() or solve()";
  }
  if (observer.raw_pass_count > 0 && !observer.observe) {
    return "asks for raw batches but has no observe()";
  }
  if (observer.raw_pass_count == 0 && observer.needs_statistics == 0) return "asks to see nothing";
  if (into.contains(name)) return "has the name of a method that is already registered";
  if (!is_method_name(name)) return "has a name that cannot be a method's";
  return {};
}

/// Everything that could make registration fail half-way.
void check(const rangefinder_plugin& plugin, const Registry& into,
           const std::filesystem::path& file) {
  std::set<std::string> names;
  if (plugin.observer_count > kMostObservers) {
    refuse(file, fmt::format("the plug-in brings {} observers; allowed: {} at most",
                             plugin.observer_count, kMostObservers));
  }
  for (uint32_t i = 0; i < plugin.observer_count; ++i) {
    const rangefinder_observer& observer = plugin.observers[i];
    const std::string name = observer.name == nullptr ? "" : canonical_method(observer.name);
    std::string reason = obstacle(name, observer, into);
    if (reason.empty() && !names.insert(name).second) reason = "has the name of another one";
    if (!reason.empty()) {
      refuse(file, fmt::format("observer {} ('{}') {}", i, name, reason));
    }
  }
}

/// The files of loaded plug-ins, and who may look at them.
struct LoadedFiles {
  std::mutex mutex;
  std::vector<std::filesystem::path> files;
};

LoadedFiles& loaded_files() {
  static LoadedFiles loaded;
  return loaded;
}

}  // namespace

std::vector<std::string> load_plugin(const std::filesystem::path& file, Registry& into) {
  Library library = open_library(file);
  const rangefinder_plugin& plugin = describe(library, file);
  check(plugin, into, file);
  // The factories point into the library: it is never closed.
  static_cast<void>(library.release());
  std::vector<std::string> names;
  for (uint32_t i = 0; i < plugin.observer_count; ++i) {
    const rangefinder_observer& observer = plugin.observers[i];
    into.add(observer.name, plugin_factory(observer));
    names.push_back(canonical_method(observer.name));
  }
  const std::lock_guard lock(loaded_files().mutex);
  loaded_files().files.push_back(file);
  return names;
}

std::vector<std::filesystem::path> plugin_files() {
  const std::lock_guard lock(loaded_files().mutex);
  return loaded_files().files;
}

void register_description(std::string_view name, const rangefinder_observer& description,
                          Registry& into) {
  register_description(name, description, {}, into);
}

void register_description(std::string_view name, const rangefinder_observer& description,
                          PluginCreate create, Registry& into) {
  const std::string canonical = canonical_method(name);
  const std::string reason = obstacle(canonical, description, into);
  if (!reason.empty()) {
    throw std::invalid_argument("the observer '" + std::string(name) + "' " + reason);
  }
  // Lives as long as the program, as the factory that refers to it.
  static std::deque<std::pair<std::string, rangefinder_observer>> descriptions;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  auto& [kept_name, kept] = descriptions.emplace_back(canonical, description);
  kept.name = kept_name.c_str();
  into.add(canonical, plugin_factory(kept, std::move(create)));
}

}  // namespace rangefinder::observers
