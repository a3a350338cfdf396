#pragma once

// Counts each channel of a tensor by itself. For kernels.cu and the emulation.
//
// A table of all keys for each channel would be a quarter of a megabyte each. Channels have pages
// instead, one for each octave that they touch, as statistics::ValueHistogram has on the host:
// 1. mark: extremes and zeros of each channel, and a bit for each octave that it touches;
// 2. assign: a page for each octave that was not touched before. The host then sees how many pages
//    there must be, and provides them;
// 3. count: one addition for all threads of a warp that count the same key.

#include "cuda/lines.h"
#include "cuda/values.h"

namespace rangefinder::cuda {

inline constexpr uint32_t kMarkWords = kOctaves / 32;

struct ChannelArguments {
  const void* values;
  LineShape shape;
  /// One for each channel.
  BatchRecord* records;
  /// kMarkWords for each channel: octaves touched, and those of them that have a page.
  uint32_t* marks;
  uint32_t* assigned;
  /// kOctaves for each channel: 1 + number of the page; 0: none.
  uint32_t* directory;
  /// How many pages are given away, and the pages: kBucketsPerOctave counters each.
  uint32_t* page_count;
  uint32_t* pages;
};

template <class Machine, class Format>
class MarkKernel {
 public:
  static RANGEFINDER_DEVICE void run(const ChannelArguments& arguments) {
    const uint64_t units = unit_count(arguments.shape);
    for (uint64_t unit = warp_number<Machine>(); unit < units; unit += warp_total<Machine>()) {
      mark(arguments, line_of(arguments.shape, unit, Machine::thread() % kWarp));
    }
  }

 private:
  static RANGEFINDER_DEVICE void mark(const ChannelArguments& arguments, const Line& line) {
    const auto* values = static_cast<const typename Format::Stored*>(arguments.values);
    uint32_t* marks = arguments.marks + line.channel * kMarkWords;
    Sweep found;
    for (uint32_t i = 0; i < line.count; ++i) {
      const uint32_t bits = Format::bits(values[line.first + i * line.stride]);
      if (!found.take(bits)) continue;
      const uint32_t octave = bits >> 23;
      const uint32_t bit = 1u << octave % 32;
      // Reading first: nearly always the bit is there.
      if ((marks[octave / 32] & bit) == 0) Machine::unite(&marks[octave / 32], bit);
    }
    if (has_stretches(arguments.shape)) {
      record_warp<Machine>(found, arguments.records + line.channel);
    } else if (line.count != 0) {
      record<Machine>(found, arguments.records + line.channel);
    }
  }
};

template <class Machine>
class AssignKernel {
 public:
  static RANGEFINDER_DEVICE void run(const ChannelArguments& arguments) {
    const uint64_t words = arguments.shape.channels * kMarkWords;
    const uint64_t threads = uint64_t{Machine::blocks()} * Machine::threads();
    uint64_t word = uint64_t{Machine::block()} * Machine::threads() + Machine::thread();
    for (; word < words; word += threads) {
      const uint32_t fresh = arguments.marks[word] & ~arguments.assigned[word];
      for (uint32_t bit = 0; bit < 32; ++bit) {
        if ((fresh >> bit & 1) == 0) continue;
        arguments.directory[word * 32 + bit] = 1 + Machine::take(arguments.page_count, 1);
      }
      arguments.assigned[word] |= fresh;
    }
  }
};

template <class Machine, class Format>
class PageKernel {
 public:
  static RANGEFINDER_DEVICE void run(const ChannelArguments& arguments) {
    const uint64_t units = unit_count(arguments.shape);
    for (uint64_t unit = warp_number<Machine>(); unit < units; unit += warp_total<Machine>()) {
      count(arguments, line_of(arguments.shape, unit, Machine::thread() % kWarp));
    }
  }

 private:
  static constexpr uint32_t kNone = 0xFFFFFFFFu;

  static RANGEFINDER_DEVICE void count(const ChannelArguments& arguments, const Line& line) {
    const auto* values = static_cast<const typename Format::Stored*>(arguments.values);
    const uint32_t* directory = arguments.directory + line.channel * kOctaves;
    for (uint32_t i = 0; i < line.steps; ++i) {
      uint32_t counter = kNone;
      if (i < line.count) {
        counter = counter_of(directory, Format::bits(values[line.first + i * line.stride]));
      }
      const uint32_t alike = Machine::match(counter);
      const bool is_first = (alike & ((1u << Machine::thread() % kWarp) - 1)) == 0;
      if (counter != kNone && is_first) {
        Machine::add(&arguments.pages[counter], Machine::ones(alike));
      }
    }
  }

  static RANGEFINDER_DEVICE uint32_t counter_of(const uint32_t* directory, uint32_t bits) {
    const uint32_t magnitude = bits & ~kSign;
    if (magnitude == 0 || magnitude >= kInfinity) return kNone;
    const uint32_t key = bits >> kKeyShift;
    return (directory[key / kBucketsPerOctave] - 1) * kBucketsPerOctave + key % kBucketsPerOctave;
  }
};

}  // namespace rangefinder::cuda
