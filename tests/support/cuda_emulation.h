#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>

namespace rangefinder::emulation {

/// How a grid is run. The seed decides which thread goes on whenever one waits, and what shared
/// memory holds at first: kernels must find the same with each.
struct Launch {
  uint32_t blocks = 1;
  /// Of a block; a multiple of 32.
  uint32_t threads = 32;
  size_t shared_size = 0;
  uint64_t seed = 0;
};

/// Runs `kernel(shared memory of its block)` once for each thread of a grid, on one thread of the
/// host. Every thread of the grid has a stack of its own and goes on until it waits for others
/// (barrier, warp function) or touches memory atomically, where the seed may let another one go on;
/// up to three blocks are under way at a time.
///
/// Throws std::logic_error if threads would wait for ever, or call different functions at a place
/// where all must call the same.
void run(const Launch& launch, const std::function<void(void* shared)>& kernel);

/// What kernels ask of the machine (cuda/native_machine.h), for threads that run() runs.
struct Machine {
  struct Vector {
    uint32_t words[4];
  };

  static uint32_t thread();
  static uint32_t threads();
  static uint32_t block();
  static uint32_t blocks();
  static void barrier();

  static uint32_t ballot(bool vote);
  static uint32_t match(uint32_t value);
  static uint32_t shuffle_xor(uint32_t value, uint32_t mask);
  static uint32_t ones(uint32_t bits) { return static_cast<uint32_t>(std::popcount(bits)); }

  static void add(uint32_t* to, uint32_t value) { take(to, value); }
  static void add(uint64_t* to, uint64_t value);
  static uint32_t take(uint32_t* from, uint32_t value);
  static void raise(uint32_t* to, uint32_t value);
  static void unite(uint32_t* to, uint32_t bits);

  /// Throws std::logic_error at an address that the card could not load a vector from.
  static Vector load(const void* from);
  static int32_t rounded(float value) { return static_cast<int32_t>(std::nearbyint(value)); }
};

}  // namespace rangefinder::emulation
