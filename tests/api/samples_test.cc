#include "rangefinder/samples.h"

#include <stdexcept>

#include "api/fixture.h"

namespace rangefinder {
namespace {

using SamplesTest = ApiTest;

size_t drained(SampleSource source) {
  size_t count = 0;
  while (source.next()) ++count;
  return count;
}

TEST_F(SamplesTest, EveryKindGivesItsSamplesInOrder) {
  for (SampleSource source : {memory(3), generator(3)}) {
    for (size_t i = 0; i < 3; ++i) {
      const auto sample = source.next();
      ASSERT_TRUE(sample);
      EXPECT_EQ(sample->at("x"), picture(i));
    }
    EXPECT_FALSE(source.next());
  }
}

TEST_F(SamplesTest, MemoryKnowsItsSizeAndGoesBack) {
  SampleSource source = memory(3);
  EXPECT_EQ(source.size(), 3u);
  EXPECT_EQ(drained(source), 3u);
  EXPECT_TRUE(source.rewind());
  EXPECT_EQ(drained(source), 3u);
}

TEST_F(SamplesTest, AGeneratorKnowsNeither) {
  SampleSource source = generator(3);
  EXPECT_EQ(source.size(), std::nullopt);
  EXPECT_FALSE(source.rewind());
}

TEST_F(SamplesTest, RefusesNothing) {
  EXPECT_THROW(SampleSource::from_memory({}), std::invalid_argument);
  EXPECT_THROW(SampleSource::from_generator({}), std::invalid_argument);
  EXPECT_THROW(SampleSource::from_files({}), Error);
  EXPECT_THROW(SampleSource::from_files({file("missing")}), Error);
}

}  // namespace
}  // namespace rangefinder
