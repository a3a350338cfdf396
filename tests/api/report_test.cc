#include "rangefinder/report.h"

#include <fstream>
#include <iterator>

#include "api/fixture.h"

namespace rangefinder {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ReportApi : public ApiTest {
 protected:
  std::string content(const std::string& name) const {
    std::ifstream stream(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
};

TEST_F(ReportApi, OfAQuantizedModelAndOfItsSummary) {
  const QuantizedModel int8 = quantize(model(), memory(12));
  int8.save({.summary = file("run.json"), .report = file("run.html")});
  EXPECT_THAT(content("run.html"), StartsWith("<!doctype html>"));
  EXPECT_EQ(content("run.html"), report_html(int8));
  write_report(file("run.json"), file("page.html"));
  EXPECT_EQ(content("page.html"), report_html(file("run.json")));
  EXPECT_THROW(report_html(file("none.json")), Error);
}

TEST_F(ReportApi, OfAComparison) {
  const QuantizedModel int8 = quantize(model(), memory(12));
  const Comparison comparison = compare(model(), int8.model(), memory(4));
  write_report(comparison, file("page.html"));
  EXPECT_EQ(content("page.html"), report_html(comparison));
  EXPECT_THAT(content("page.html"), HasSubstr("id=\"outputs\""));
}

TEST_F(ReportApi, OfAnalogLayers) {
  auto analog = convert_to_analog(model(), AnalogHardware().set("forward.inp_res", 254));
  calibrate_input_ranges(analog, InputRangeCalibrationType::kMax, memory(6));
  analog.save({.report = file("ranges.html")});
  EXPECT_THAT(content("ranges.html"), HasSubstr("id=\"layers\""));
  const auto comparison = compare_analog(model(), export_analog(analog), memory(3));
  write_report(comparison, file("page.html"));
  EXPECT_THAT(content("page.html"), HasSubstr("Clipped inputs"));
}

}  // namespace
}  // namespace rangefinder
