#include "cuda/key_counts.h"

#include <gtest/gtest.h>

#include "cuda/values.h"
#include "support/fake_cuda.h"

namespace rangefinder::cuda {
namespace {

TEST(CudaKeyCounts, MoveIntoTheHistogramOnce) {
  KeyCounts counts(fake_device());
  statistics::ValueHistogram expected;
  for (const uint32_t key : {0u, 5u, 127u, 128u, 0x3F80u, 0x7F7Fu, 0x8000u, 0xFF7Fu}) {
    counts.counters()[key] = key + 1;
    counts.note(key + 1);
    expected.add_key(key, key + 1);
  }
  statistics::ValueHistogram found;
  counts.flush(found);
  EXPECT_EQ(found, expected);
  counts.flush(found);
  EXPECT_EQ(found, expected);
}

TEST(CudaKeyCounts, NoCounterCanOverflow) {
  KeyCounts counts(fake_device());
  EXPECT_TRUE(counts.has_room_for(0xFFFFFFFFu));
  EXPECT_FALSE(counts.has_room_for(uint64_t{1} << 32));
  counts.note(0xFFFFFFF0u);
  EXPECT_TRUE(counts.has_room_for(15));
  EXPECT_FALSE(counts.has_room_for(16));
  counts.counters()[9] = 0xFFFFFFF0u;
  statistics::ValueHistogram found;
  counts.flush(found);
  EXPECT_EQ(found.count(), 0xFFFFFFF0u);
  EXPECT_TRUE(counts.has_room_for(16));
  EXPECT_EQ(counts.counters()[9], 0);
}

}  // namespace
}  // namespace rangefinder::cuda
