// `rangefinder report` and the option --report as a user runs them.

#include "cli/fixture.h"

namespace rangefinder::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class Report : public ProgramTest {
 protected:
  void quantize(const Words& more = {}) {
    succeed(joined({"quantize", write_model(), "--data", write_samples(6), "-o", path("int8.onnx"),
                    "--summary", path("run.json"), "--statistics", path("run.rfs")},
                   more));
  }
};

TEST_F(Report, OfARunOfItsFilesAndAgainstAnother) {
  quantize({"--report", path("run.html")});
  EXPECT_THAT(content("run.html"), StartsWith("<!doctype html>"));
  EXPECT_EQ(succeed({"report", path("run.json"), "--statistics", path("run.rfs"), "-o",
                     path("page.html")}),
            "");
  EXPECT_EQ(content("page.html"), content("run.html"));
  succeed({"solve", path("model.onnx"), "--statistics", path("run.rfs"), "-o", path("solved.onnx"),
           "--method", "minmax", "--summary", path("minmax.json"), "--report",
           path("solved.html")});
  EXPECT_THAT(content("solved.html"), HasSubstr("minmax"));
  succeed({"report", path("run.json"), "--statistics", path("run.rfs"), "--against",
           path("minmax.json"), "--against-statistics", path("run.rfs"), "-o", path("both.html")});
  EXPECT_THAT(content("both.html"), AllOf(HasSubstr("What changed"), HasSubstr("minmax.json")));
}

TEST_F(Report, OfAComparisonAndItsJson) {
  quantize();
  const Words words = {"compare", path("model.onnx"), path("int8.onnx"),
                       "--data",  path("samples"),    "--json"};
  write("compare.json", succeed(joined(words, {"--report", path("compare.html")})));
  EXPECT_THAT(content("compare.html"), HasSubstr("id=\"outputs\""));
  succeed({"report", path("compare.json"), "-o", path("page.html")});
  EXPECT_THAT(content("page.html"), HasSubstr("id=\"outputs\""));
}

TEST_F(Report, WrongUsageAndWrongFilesFailAndLeaveNothing) {
  quantize();
  expect_failure({"report", path("run.json")}, 2, {"--output"});
  expect_failure({"report", path("none.json"), "-o", path("page.html")}, 1, {"none.json"});
  expect_failure({"report", path("int8.onnx"), "-o", path("page.html")}, 1, {"not JSON"});
  expect_failure({"report", path("run.json"), "-o", path("run.json")}, 1, {"read by this run"});
  expect_failure({"report", path("run.json"), "-o", path("none/page.html")}, 1, {"none"});
  expect_failure({"report", path("run.json"), "--against-statistics", path("run.rfs"), "-o",
                  path("page.html")},
                 2, {"--against"});
  expect_failure(
      {"report", path("run.rfs"), "--statistics", path("run.rfs"), "-o", path("page.html")}, 2,
      {"with a summary alone"});
  expect_failure({"quantize", path("model.onnx"), "--data", path("samples"), "-o", path("a.onnx"),
                  "--report", path("a.onnx")},
                 1, {"another result"});
  expect_failure({"compare", path("model.onnx"), path("int8.onnx"), "--data", path("samples"),
                  "--report", path("model.onnx")},
                 1, {"read by this run"});
}

}  // namespace
}  // namespace rangefinder::cli
