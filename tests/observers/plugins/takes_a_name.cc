// One new name and one that is taken: neither may end up registered.

#include "rangefinder/observer_plugin.h"

namespace {

using namespace rangefinder::plugin;

class Anything : public Observer {
 public:
  using Observer::Observer;
  std::vector<Result> solve(std::span<const Channel> channels) override {
    return {channels.size(), Result::range(0, 1)};
  }
};

}  // namespace

RANGEFINDER_OBSERVER_PLUGIN(describe<Anything>("fresh-name"), describe<Anything>("MinMax"))
