#include "engine/work_counts.h"

#include <atomic>

namespace rangefinder::engine {
namespace {

std::atomic<uint64_t> sessions = 0;
std::atomic<uint64_t> handed_over = 0;
std::atomic<uint64_t> saved = 0;
std::atomic<uint64_t> runs = 0;

}  // namespace

WorkCounts work_counts() { return {sessions, handed_over, saved, runs}; }

void count_session(uint64_t model_bytes) {
  ++sessions;
  handed_over += model_bytes;
}

void count_saved(uint64_t bytes) { saved += bytes; }

void count_run() { ++runs; }

}  // namespace rangefinder::engine
