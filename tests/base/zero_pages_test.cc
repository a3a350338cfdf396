#include "base/zero_pages.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <new>
#include <span>
#include <utility>
#include <vector>

namespace rangefinder {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

/// Pages that the system holds.
size_t held_pages(std::span<std::byte> bytes) {
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> is_held((bytes.size() + page - 1) / page);
  if (::mincore(bytes.data(), bytes.size(), is_held.data()) != 0) return 0;
  return static_cast<size_t>(std::ranges::count_if(is_held, [](auto byte) { return byte & 1; }));
}

TEST(ZeroPages, AreZeros) {
  const ZeroPages pages(3 * kMiB + 5);
  ASSERT_EQ(pages.bytes().size(), 3 * kMiB + 5);
  EXPECT_TRUE(std::ranges::all_of(pages.bytes(), [](std::byte b) { return b == std::byte{0}; }));
}

TEST(ZeroPages, AreHeldWhereTheyWereWritten) {
  // Memory that was used before, of which an allocator would give some again.
  { std::vector<std::byte> used(4 * kMiB, std::byte{1}); }
  const ZeroPages pages(4 * kMiB);
  EXPECT_EQ(held_pages(pages.bytes()), 0u);
  for (const size_t at : {size_t{0}, kMiB + 17, 4 * kMiB - 1}) {
    pages.bytes()[at] = std::byte{1};
  }
  EXPECT_EQ(held_pages(pages.bytes()), 3u);
}

TEST(ZeroPages, MoveAndMayBeNone) {
  ZeroPages pages(kMiB);
  pages.bytes()[5] = std::byte{7};
  const ZeroPages moved = std::move(pages);
  EXPECT_EQ(moved.bytes()[5], std::byte{7});
  EXPECT_TRUE(ZeroPages(0).bytes().empty());
}

TEST(ZeroPages, MoreThanThereIsThrows) {
  EXPECT_THROW(ZeroPages(std::numeric_limits<size_t>::max() / 2), std::bad_alloc);
}

}  // namespace
}  // namespace rangefinder
