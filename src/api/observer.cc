#include "rangefinder/observer.h"

#include "observers/plugin.h"

namespace rangefinder {

void register_calibration_observer(std::string_view name, const rangefinder_observer& description) {
  observers::register_description(name, description);
}

std::vector<std::string> load_plugin(const std::filesystem::path& file) {
  return observers::load_plugin(file);
}

}  // namespace rangefinder
