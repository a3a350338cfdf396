#include "report/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <stdexcept>

#include "report/page_examples.h"

namespace rangefinder::report {
namespace {

using Json = nlohmann::ordered_json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// The data of a page, as its script reads them.
Json data_of(const std::string& page) {
  const std::string begin = "<script type=\"application/json\" id=\"data\">";
  const size_t at = page.find(begin) + begin.size();
  return Json::parse(page.substr(at, page.find("</script>", at) - at));
}

size_t times(const std::string& page, const std::string& what) {
  size_t count = 0;
  for (size_t at = page.find(what); at != std::string::npos; at = page.find(what, at + 1)) ++count;
  return count;
}

TEST(PageKinds, AreToldByKeys) {
  EXPECT_EQ(kind_of(to_json(example_summary({}))), PageKind::kSummary);
  EXPECT_EQ(kind_of(example_ranges()), PageKind::kRanges);
  EXPECT_EQ(kind_of(example_analog_comparison()), PageKind::kAnalogComparison);
  EXPECT_EQ(kind_of(example_comparison()), PageKind::kComparison);
  EXPECT_THROW(kind_of(Json::array()), std::invalid_argument);
  EXPECT_THROW(kind_of({{"format", "rangefinder decisions"}}), std::invalid_argument);
}

TEST(Page, IsWholeAndRefersToNothing) {
  const auto names = example_names(6);
  const auto statistics = example_statistics(names);
  const std::string page = page_of(example_run(names, &statistics));
  EXPECT_THAT(page, StartsWith("<!doctype html>"));
  EXPECT_THAT(page, AllOf(HasSubstr("default-src 'none'"), HasSubstr("</html>")));
  for (const char* word : {"http://", "https://", "<link", " src=", "@import", "url(", "{{"}) {
    // The namespace of SVG is a name, not an address.
    const size_t allowed =
        std::string(word) == "http://" ? times(page, "http://www.w3.org/2000/svg") : 0;
    EXPECT_EQ(times(page, word), allowed) << word;
  }
  EXPECT_EQ(data_of(page)["tensors"].size(), 6);
  EXPECT_TRUE(data_of(page)["statistics"]);
}

TEST(Page, IsTheSameForTheSameRun) {
  const auto names = example_names(20);
  const auto statistics = example_statistics(names);
  EXPECT_EQ(page_of(example_run(names, &statistics)), page_of(example_run(names, &statistics)));
}

TEST(Page, NamesAreNeverMarkup) {
  const auto names = hostile_names();
  const auto statistics = example_statistics(names);
  PageRun run = example_run(names, &statistics);
  for (const char* key : {"model", "output", "method", "effort", "target"}) {
    run.document[key] = "<script>window.stolen=1</script>";
  }
  run.name = names[0];
  const std::string page = page_of(run, &run);
  EXPECT_EQ(times(page, "<script"), 2);
  EXPECT_EQ(times(page, "</script"), 2);
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("<!--")));
  EXPECT_EQ(data_of(page)["tensors"][4]["n"], "{{data}}{{script}}");
}

TEST(Page, WithoutStatisticsSaysSo) {
  EXPECT_THAT(page_of(example_run(example_names(3), nullptr)),
              HasSubstr("Distributions are not on this page"));
}

TEST(Page, OfSolveHasNoOutputs) {
  PageRun run = example_run(example_names(3), nullptr);
  run.document["outputs"] = Json::array();
  run.document["latency"] = nullptr;
  run.document["verdict"] = {{"level", nullptr}, {"reasons", {"nothing was run"}}};
  EXPECT_THAT(page_of(run), AllOf(HasSubstr("Not judged"), Not(HasSubstr("id=\"outputs\""))));
}

TEST(Page, OfEveryKindAndAgainstItself) {
  const auto statistics = example_statistics(example_names(3));
  const PageRun runs[] = {
      {.name = "a", .kind = PageKind::kComparison, .document = example_comparison()},
      {.name = "b", .kind = PageKind::kStatistics, .statistics = &statistics},
      {.name = "c", .kind = PageKind::kRanges, .document = example_ranges()},
      {.name = "d", .kind = PageKind::kAnalogComparison, .document = example_analog_comparison()}};
  for (const PageRun& run : runs) {
    EXPECT_THAT(page_of(run), HasSubstr("<h1>"));
    EXPECT_THAT(page_of(run, &run), HasSubstr("What changed"));
  }
  EXPECT_THROW(page_of(runs[0], &runs[1]), std::invalid_argument);
}

TEST(Page, ADocumentOfOddTypesIsRefused) {
  PageRun run = example_run(example_names(3), nullptr);
  run.document["tensors"][1]["scale"] = "x";
  EXPECT_THROW(page_of(run), std::invalid_argument);
  run.document["tensors"] = {1, 2};
  EXPECT_THROW(page_of(run), std::invalid_argument);
  run.document = {{"schema_version", 1}, {"tensors", Json::array()}, {"seconds", "long"}};
  EXPECT_THROW(page_of(run), std::invalid_argument);
}

TEST(Page, OfManyTensorsIsSmall) {
  const auto names = example_names(300);
  const auto statistics = example_statistics(names, 1000);
  EXPECT_LT(page_of(example_run(names, &statistics)).size(), 300 * 2500 + 100000);
}

}  // namespace
}  // namespace rangefinder::report
