#include "report/page_overview.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/page_examples.h"

namespace rangefinder::report {
namespace {

using Json = nlohmann::ordered_json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class PageOverview : public testing::Test {
 protected:
  Json document_ = to_json(example_summary(example_names(6)));
};

TEST_F(PageOverview, TheVerdictSaysWhyAndWhatToTry) {
  EXPECT_THAT(verdict_section(Fields(document_)),
              AllOf(HasSubstr("class=\"verdict fair\""), HasSubstr("Fair"),
                    HasSubstr("31.2 dB of signal over noise"), HasSubstr("--effort thorough")));
}

TEST_F(PageOverview, WhatWasNotJudgedSaysSo) {
  document_["verdict"]["level"] = nullptr;
  EXPECT_THAT(verdict_section(Fields(document_)), HasSubstr("Not judged"));
}

TEST_F(PageOverview, AnUnknownLevelIsNoClassOfThePage) {
  document_["verdict"]["level"] = "x\" onclick=\"y";
  EXPECT_THAT(verdict_section(Fields(document_)), Not(HasSubstr("onclick")));
}

TEST_F(PageOverview, FactsTellSizeLatencyKernelsSamplesAndTime) {
  EXPECT_THAT(
      facts_section(Fields(document_)),
      AllOf(HasSubstr("31.2 dB"), HasSubstr("4 of 5"), HasSubstr("3.50&nbsp;×&nbsp;smaller"),
            HasSubstr("2.79&nbsp;×&nbsp;faster"), HasSubstr("10 held out"), HasSubstr("5.00 s")));
}

TEST_F(PageOverview, FactsOfAComparisonAreInSeconds) {
  const Json comparison = example_comparison();
  EXPECT_THAT(facts_section(Fields(comparison)), HasSubstr("from 8 ms, 2.67&nbsp;×&nbsp;faster"));
}

TEST_F(PageOverview, GraveChecksAreMarkedInWords) {
  EXPECT_THAT(data_checks_section(Fields(document_)),
              AllOf(HasSubstr("<b>Grave:</b> all samples hold one value"),
                    HasSubstr("<b>Note:</b> the result is judged on 3")));
}

TEST_F(PageOverview, WhatWasDoneForAccuracyIsTold) {
  document_["choice"] = {
      {"aim_db", 20}, {"integer_db", 12}, {"reached_db", 22}, {"parts", 5}, {"float_parts", 1}};
  EXPECT_THAT(refinement_section(Fields(document_)),
              AllOf(HasSubstr("1 of 5 parts were left float: 20.0 dB wanted, 12.0"),
                    HasSubstr("30 of 32 output channels"), HasSubstr("norm")));
}

TEST_F(PageOverview, NotesAndSamplesThatWereLeftOut) {
  document_["left_out_samples"] = {{{"name", "a<b"}, {"reason", "bad"}}};
  EXPECT_THAT(notes_section(Fields(document_)),
              AllOf(HasSubstr("com.microsoft"), HasSubstr("Sample a&lt;b was left out: bad")));
}

TEST_F(PageOverview, NothingToTellIsNothing) {
  const Json none = Json::object();
  const Fields fields(none);
  for (const auto& section :
       {verdict_section(fields), facts_section(fields), data_checks_section(fields),
        refinement_section(fields), notes_section(fields)}) {
    EXPECT_EQ(section, "");
  }
}

}  // namespace
}  // namespace rangefinder::report
