#include "report/cache_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rangefinder::report {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

CacheReport sample() {
  CacheReport report{.cache = "calibration.cache",
                     .model = "net.onnx",
                     .version = "8.6.1",
                     .algorithm = "EntropyCalibration2",
                     .entry_count = 5,
                     .int8_count = 2,
                     .eligible_count = 3};
  report.tensors = {{"x", 0.5f, "cache", "x"},
                    {"flat", 0.25f, "input", "pool"},
                    {"found", 0.125f, "calibrated", ""},
                    {"joined", 0.5f, "shared", "join"}};
  report.missing = {"gone"};
  report.unknown = {{"(Unnamed Layer* 4) [Shuffle]_output", 3, "unnamed"},
                    {"conv1 + relu1", 4, "fused"},
                    {"other\n", 5, "absent"}};
  report.float_nodes = {{"fc", "Gemm", "'gone' has no scale"}};
  return report;
}

TEST(CacheReport, TellsWhatBecameOfEachLine) {
  EXPECT_THAT(
      to_table(sample()),
      AllOf(HasSubstr("TensorRT 8.6.1, EntropyCalibration2, 5 tensors"), HasSubstr("2 of 3 nodes"),
            HasSubstr("1 by their own line, 1 by that of what they are moved from, 1 by one of "
                      "those that share their codes, 1 calibrated"),
            HasSubstr("another tensor: 2\n  flat, by pool\n  joined, by join"),
            HasSubstr("stays float: 1\n  gone"), HasSubstr("not in the model: 3"),
            HasSubstr("line 3: (Unnamed Layer* 4)"),
            HasSubstr("conv1 + relu1, a name made of several layers"),
            HasSubstr("fc (Gemm): 'gone' has no scale")));
}

TEST(CacheReport, ListsAreShortenedAndNamesShownSafely) {
  CacheReport report = sample();
  for (int i = 0; i < 30; ++i) report.missing.push_back("t" + std::to_string(i));
  const std::string text = to_table(report);
  EXPECT_THAT(text, AllOf(HasSubstr("stays float: 31"), HasSubstr("  t8\n"), Not(HasSubstr("t9\n")),
                          HasSubstr("and 21 more")));
  EXPECT_THAT(text, Not(HasSubstr("other\n\n")));
  EXPECT_THAT(to_table({}), Not(HasSubstr("stays float")));
}

TEST(CacheReport, JsonHoldsAllOfIt) {
  const auto json = to_json(sample());
  EXPECT_EQ(json["tensors"].size(), 4);
  EXPECT_EQ(json["tensors"][0]["scale"], 0.5);
  EXPECT_TRUE(json["tensors"][2]["cache_name"].is_null());
  EXPECT_EQ(json["unknown"][1]["kind"], "fused");
  EXPECT_EQ(json["unknown"][1]["line"], 4);
  EXPECT_EQ(json["eligible_nodes"], 3);
  EXPECT_EQ(nlohmann::json::parse(sample().json()), nlohmann::json(json));
}

}  // namespace
}  // namespace rangefinder::report
