#include "rangefinder/observer.h"

#include <stdexcept>
#include <utility>

#include "observers/plugin.h"

namespace rangefinder {
namespace {

/// Stands for any class: its own create() is never called.
class AnyObserver : public Observer {
 public:
  using Observer::Observer;
  std::vector<plugin::Result> solve(std::span<const plugin::Channel>) override { return {}; }
};

}  // namespace

void register_calibration_observer(std::string_view name, const rangefinder_observer& description) {
  observers::register_description(name, description);
}

void register_calibration_observer(std::string_view name, ObserverFactory factory, Traits traits) {
  if (!factory) throw std::invalid_argument("no observer: the factory is empty");
  observers::register_description(name, plugin::describe<AnyObserver>("", traits),
                                  [factory = std::move(factory)](const plugin::Request& request) {
                                    return factory(request).release();
                                  });
}

std::vector<std::string> load_plugin(const std::filesystem::path& file) {
  return observers::load_plugin(file);
}

}  // namespace rangefinder
