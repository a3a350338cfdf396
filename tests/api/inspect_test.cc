#include "rangefinder/inspect.h"

#include "api/fixture.h"

namespace rangefinder {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using InspectApi = ApiTest;

TEST_F(InspectApi, TellsWhatWouldBecomeOfAModel) {
  const ModelInspection inspection = inspect(model());
  EXPECT_EQ(inspection.integer_nodes, 3u);
  EXPECT_THAT(inspection.observed, ElementsAre("x", "r", "mean", "h"));
  EXPECT_EQ(inspect(model(), {.exclude = {"c"}}).integer_nodes, 2u);
  EXPECT_THAT(inspection.table(), HasSubstr("3"));
  EXPECT_THAT(inspection.json(), HasSubstr("\"observed\""));
}

TEST_F(InspectApi, TellsWhatStatisticsHold) {
  observe(model(), memory(4), {.output = file("a.rfs")});
  const StatisticsInspection inspection = inspect_statistics(file("a.rfs"));
  EXPECT_EQ(inspection.sample_count, 3u);
  EXPECT_EQ(inspection.tensors.size(), 4u);
  EXPECT_THAT(inspection.table(), HasSubstr("3 samples"));
  EXPECT_THROW(inspect_statistics(file("b.rfs")), Error);
}

TEST_F(InspectApi, ShowsDistributions) {
  const Statistics seen = observe(model(), memory(4), {.output = file("a.rfs")});
  const HistogramInspection found = inspect_histograms(file("a.rfs"), "?");
  ASSERT_EQ(found.tensors.size(), 3u);
  EXPECT_EQ(found.tensors[1].name, "r");
  EXPECT_EQ(found.tensors[1].buckets, seen.histogram("r"));
  EXPECT_THAT(found.chart(60), HasSubstr("r: 1536 values"));
  EXPECT_THROW(inspect_histograms(file("a.rfs"), "none"), Error);
}

}  // namespace
}  // namespace rangefinder
