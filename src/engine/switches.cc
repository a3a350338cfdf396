#include "engine/switches.h"

#include <utility>

namespace rangefinder::engine {
namespace {

std::optional<size_t>& current() {
  thread_local std::optional<size_t> number;
  return number;
}

}  // namespace

SwitchedOn::SwitchedOn(size_t number) : before_(std::exchange(current(), number)) {}

SwitchedOn::~SwitchedOn() { current() = before_; }

bool is_switched_on(size_t number) { return current() == number; }

}  // namespace rangefinder::engine
