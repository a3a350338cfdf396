// A plug-in of another ABI version: must be refused before anything else of it is read.
#include "rangefinder/observer_plugin.h"

extern "C" __attribute__((visibility("default"))) const rangefinder_plugin*
rangefinder_observer_plugin() {
  static const rangefinder_plugin plugin = {RANGEFINDER_OBSERVER_ABI_VERSION + 41, 1, nullptr};
  return &plugin;
}
