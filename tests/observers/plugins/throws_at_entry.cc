// A plug-in that throws where it should describe itself.
#include "rangefinder/observer_plugin.h"

extern "C" __attribute__((visibility("default"))) const rangefinder_plugin*
rangefinder_observer_plugin() {
  throw 42;
}
