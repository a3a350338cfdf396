#include "cuda/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "support/fake_cuda.h"

namespace rangefinder::cuda {
namespace {

using testing::Each;

TEST(CudaJournal, PiecesAreApartZeroAndReadBack) {
  Journal journal(fake_device());
  std::vector<Journal::Piece> pieces;
  for (size_t size : {8u, 24u, 0u, 100'000u, 800'000u}) pieces.push_back(journal.reserve(size));
  for (size_t i = 0; i < pieces.size(); ++i) {
    auto* values = journal.address<uint64_t>(pieces[i]);
    for (size_t k = 0; k < pieces[i].size / 8; ++k) {
      ASSERT_EQ(values[k], 0) << i;
      values[k] = i + 1;
    }
  }
  journal.read();
  for (size_t i = 0; i < pieces.size(); ++i) {
    EXPECT_EQ(journal.found<uint64_t>(pieces[i]).size(), pieces[i].size / 8);
    EXPECT_THAT(journal.found<uint64_t>(pieces[i]), Each(i + 1));
  }
}

TEST(CudaJournal, ARunLikeTheOneBeforeNeedsNoMoreMemory) {
  const size_t before = fake_memory_used();
  Journal journal(fake_device());
  size_t used = 0;
  for (int run = 0; run < 5; ++run) {
    for (int i = 0; i < 100; ++i) {
      const auto piece = journal.reserve(10'000);
      auto* bytes = journal.address<uint8_t>(piece);
      ASSERT_EQ(bytes[0] + bytes[9'999], 0) << run;
      bytes[0] = bytes[9'999] = 1;
    }
    journal.read();
    journal.clear();
    if (run == 1) used = fake_memory_used();
  }
  EXPECT_EQ(fake_memory_used(), used);
  EXPECT_GT(used, before);
}

TEST(CudaJournal, RunsOutOfMemoryWithAnError) {
  Journal journal(fake_device("memory=1000"));
  EXPECT_THROW(journal.reserve(8), Error);
}

}  // namespace
}  // namespace rangefinder::cuda
