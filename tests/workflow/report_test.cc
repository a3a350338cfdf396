#include "workflow/report.h"

#include <gmock/gmock.h>

#include <stdexcept>

#include "base/error.h"
#include "base/file.h"
#include "report/page.h"
#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class ReportTest : public WorkflowTest {
 protected:
  ReportTest() {
    auto request = quantize_request("int8.onnx");
    request.results.summary = file("run.json");
    request.results.statistics = file("run.rfs");
    request.results.report = file("run.html");
    quantized_ = quantize(request);
  }

  template <class Call>
  static std::string message_of(const Call& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.what();
    }
    return "no Error was thrown";
  }

  Quantized quantized_;
};

TEST_F(ReportTest, OfARunIsThatOfItsFiles) {
  const std::string page = read_file(file("run.html"));
  EXPECT_EQ(page, report_page(quantized_));
  // The name of the summary stands in the page's data alone where there is an earlier run.
  EXPECT_EQ(page, report_page(file("run.json"), {.statistics = file("run.rfs")}));
  EXPECT_THAT(page, AllOf(HasSubstr("id=\"tensors\""), HasSubstr("\"f\":[")));
}

TEST_F(ReportTest, OfSolveHasDistributions) {
  auto request = solve_request("run.rfs", "solved.onnx");
  request.results.report = file("solved.html");
  solve(request);
  EXPECT_THAT(read_file(file("solved.html")),
              AllOf(HasSubstr("\"statistics\":true"), HasSubstr("Not judged")));
}

TEST_F(ReportTest, OfASummaryAloneSaysWhatIsMissing) {
  EXPECT_THAT(report_page(file("run.json")), HasSubstr("Distributions are not on this page"));
}

TEST_F(ReportTest, OfStatisticsAlone) {
  EXPECT_THAT(report_page(file("run.rfs"), {.against = file("run.rfs")}),
              AllOf(HasSubstr("Smallest"), HasSubstr("What changed")));
}

TEST_F(ReportTest, StatisticsOfAnotherRunAreRefused) {
  auto request = observe_request("other.rfs");
  request.split.samples = 5;
  observe(request);
  EXPECT_THAT(message_of([&] { report_page(file("run.json"), {.statistics = file("other.rfs")}); }),
              HasSubstr("statistics of another run"));
  EXPECT_THROW(report_page(file("run.rfs"), {.statistics = file("run.rfs")}),
               std::invalid_argument);
  EXPECT_THROW(report_page(file("run.json"), {.against_statistics = file("run.rfs")}),
               std::invalid_argument);
}

TEST_F(ReportTest, FilesThatAreNothingOfThatAreRefused) {
  write_file(file("text.json"), "{");
  EXPECT_THAT(message_of([&] { report_page(file("text.json")); }), HasSubstr("not JSON"));
  write_file(file("odd.json"), "{\"a\": 1}");
  EXPECT_THAT(message_of([&] { report_page(file("odd.json")); }), HasSubstr("neither a summary"));
  write_file(file("wrong.json"), R"({"schema_version": 1, "tensors": [{"scale": "x"}]})");
  EXPECT_THAT(message_of([&] { report_page(file("wrong.json")); }), HasSubstr("tensors[0].scale"));
  write_file(file("worse.json"), R"({"schema_version": 1, "tensors": 3})");
  EXPECT_THAT(message_of([&] { report_page(file("worse.json"), {.statistics = file("run.rfs")}); }),
              HasSubstr("worse.json"));
  EXPECT_THAT(message_of([&] { report_page(model()); }), HasSubstr("not JSON"));
  EXPECT_THAT(message_of([&] { report_page(file("run.json"), {.against = file("run.rfs")}); }),
              HasSubstr("only runs of one kind"));
}

TEST_F(ReportTest, IsWrittenOrNothingIs) {
  write_report(file("run.json"), file("page.html"), {.against = file("run.json")});
  EXPECT_THAT(read_file(file("page.html")), HasSubstr("What changed"));
  EXPECT_THAT(message_of([&] { write_report(file("run.json"), file("run.json")); }),
              HasSubstr("read by this run"));
  EXPECT_THAT(read_file(file("run.json")), Not(HasSubstr("<html")));
}

TEST_F(ReportTest, OfAComparisonShowsValues) {
  CompareRequest request{.float_model = model(),
                         .quantized_model = file("int8.onnx"),
                         .samples = open_input({samples()})};
  EXPECT_THAT(report_page(compare(request)),
              AllOf(HasSubstr("net.onnx"), HasSubstr("int8.onnx"), HasSubstr("\"f\":[")));
}

}  // namespace
}  // namespace rangefinder::workflow
