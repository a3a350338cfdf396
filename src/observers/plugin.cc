#include "observers/plugin.h"

#include <dlfcn.h>

#include <memory>
#include <set>

#include "base/error.h"
#include "observers/plugin_observer.h"
#include "rangefinder/observer_plugin.h"

namespace rangefinder::observers {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& message) {
  throw Error(message, {.file = file.string()});
}

struct Close {
  void operator()(void* library) const { dlclose(library); }
};
using Library = std::unique_ptr<void, Close>;

Library open_library(const std::filesystem::path& file) {
  // An absolute path, because dlopen looks up bare names in the system's folders.
  Library library(dlopen(std::filesystem::absolute(file).c_str(), RTLD_NOW | RTLD_LOCAL));
  if (!library) {
    const char* reason = dlerror();
    refuse(file, std::string("The plug-in cannot be loaded: ") + (reason ? reason : "unknown"));
  }
  return library;
}

const rangefinder_plugin& describe(const Library& library, const std::filesystem::path& file) {
  const auto entry = reinterpret_cast<rangefinder_plugin_entry>(
      dlsym(library.get(), RANGEFINDER_OBSERVER_PLUGIN_ENTRY));
  if (entry == nullptr) {
    refuse(file, "Not an observer plug-in: it does not export " +
                     std::string(RANGEFINDER_OBSERVER_PLUGIN_ENTRY) + "().");
  }
  const rangefinder_plugin* plugin = entry();
  if (plugin == nullptr) refuse(file, "The plug-in describes nothing.");
  if (plugin->abi_version != RANGEFINDER_OBSERVER_ABI_VERSION) {
    refuse(file, "The plug-in was built for version " + std::to_string(plugin->abi_version) +
                     " of the observer interface; this program has version " +
                     std::to_string(RANGEFINDER_OBSERVER_ABI_VERSION) + ".");
  }
  if (plugin->observer_count == 0 || plugin->observers == nullptr) {
    refuse(file, "The plug-in brings no observers.");
  }
  return *plugin;
}

// Everything that could make registration fail half-way.
void check(const rangefinder_plugin& plugin, const Registry& into,
           const std::filesystem::path& file) {
  std::set<std::string> names;
  for (uint32_t i = 0; i < plugin.observer_count; ++i) {
    const rangefinder_observer& observer = plugin.observers[i];
    const std::string name = observer.name == nullptr ? "" : canonical_method(observer.name);
    const std::string who = "Observer " + std::to_string(i) + " ('" + name + "')";
    if (!observer.create || !observer.destroy || !observer.solve) {
      refuse(file, who + " lacks create(), destroy() or solve().");
    }
    if (observer.raw_pass_count > 0 && !observer.observe) {
      refuse(file, who + " asks for raw batches but has no observe().");
    }
    if (observer.raw_pass_count == 0 && observer.needs_statistics == 0) {
      refuse(file, who + " asks to see nothing.");
    }
    if (into.contains(name) || !names.insert(name).second) {
      refuse(file, "The calibration method '" + name + "' is already registered.");
    }
    if (!is_method_name(name)) refuse(file, who + " has a name that cannot be a method's.");
  }
}

}  // namespace

std::vector<std::string> load_plugin(const std::filesystem::path& file, Registry& into) {
  Library library = open_library(file);
  const rangefinder_plugin& plugin = describe(library, file);
  check(plugin, into, file);
  // The factories point into the library: it is never closed.
  library.release();
  std::vector<std::string> names;
  for (uint32_t i = 0; i < plugin.observer_count; ++i) {
    const rangefinder_observer& observer = plugin.observers[i];
    into.add(observer.name, plugin_factory(observer));
    names.push_back(canonical_method(observer.name));
  }
  return names;
}

}  // namespace rangefinder::observers
