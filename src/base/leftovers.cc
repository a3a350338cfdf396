#include "base/leftovers.h"

#include <chrono>
#include <mutex>
#include <utility>

namespace rangefinder {
namespace {

constexpr std::chrono::milliseconds kPatience(200);

struct Registry {
  // Held while results are put in place, by a thread that may forget temporary files meanwhile.
  std::recursive_timed_mutex mutex;
  std::list<std::filesystem::path> paths;
};

/// Never destroyed: threads may need it until the process is gone.
Registry& registry() {
  static auto& the_one = *new Registry;
  return the_one;
}

}  // namespace

Leftover::Leftover(std::filesystem::path path) {
  const std::lock_guard lock(registry().mutex);
  registry().paths.push_front(std::move(path));
  place_ = registry().paths.begin();
}

Leftover::~Leftover() {
  const std::lock_guard lock(registry().mutex);
  registry().paths.erase(place_);
}

LeftoversHeld::LeftoversHeld() { registry().mutex.lock(); }
LeftoversHeld::~LeftoversHeld() { registry().mutex.unlock(); }

void remove_leftovers() noexcept {
  try {
    if (!registry().mutex.try_lock_for(kPatience)) return;
    for (const auto& path : registry().paths) {
      // Twice, because something may still be written into a folder.
      for (int attempt = 0; attempt < 2; ++attempt) {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
      }
    }
  } catch (...) {  // Out of memory, at the end of everything.
  }
}

}  // namespace rangefinder
