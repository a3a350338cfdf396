#include "workflow/decisions.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using testing::HasSubstr;

class DecisionsTest : public WorkflowTest {
 protected:
  DecisionsTest() : plan_(make_plan(model())) {
    decisions_ = {
        .model_fingerprint = plan_.prepared.fingerprint.get(),
        .target = "ort-cpu",
        .written = "quantized",
        .parts = {{.node = "Conv_c", .op_type = "Conv", .reason = "accuracy", .sqnr_db = 12.5},
                  {.node = "Gemm_y", .op_type = "Gemm", .reason = "time"}},
        .nodes = {"Conv_c", "Gemm_y"}};
  }

  std::string refusal(const std::string& text) const {
    write_file(file("d.json"), text);
    try {
      read_decisions(file("d.json"), plan_);
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  }

  std::string refusal(const Decisions& decisions) const {
    return refusal(decisions_text(decisions));
  }

  Plan plan_;
  Decisions decisions_;
};

TEST_F(DecisionsTest, ComeBackAsTheyWere) {
  write_file(file("d.json"), decisions_text(decisions_));
  const Decisions read = read_decisions(file("d.json"), plan_);
  EXPECT_EQ(decisions_text(read), decisions_text(decisions_));
  EXPECT_EQ(read.nodes, decisions_.nodes);
  EXPECT_EQ(read.parts[0].sqnr_db, 12.5);
  EXPECT_FALSE(read.parts[1].sqnr_db.has_value());
}

TEST_F(DecisionsTest, OfAnotherModelTargetOrNodeAreRefused) {
  Decisions other = decisions_;
  other.model_fingerprint = 7;
  EXPECT_THAT(refusal(other), HasSubstr("was made for another model (0000000000000007)"));
  other = decisions_;
  other.target = "ort-cpu-vnni";
  EXPECT_THAT(refusal(other), HasSubstr("was made for the target 'ort-cpu-vnni'"));
  other = decisions_;
  other.nodes = {"Conv_d"};
  EXPECT_THAT(refusal(other), HasSubstr("is a node that the model does not have"));
  EXPECT_THAT(refusal(other), HasSubstr("'Conv_c'")) << "a near name";
}

class WideDecisionsTest : public DecisionsTest {
 protected:
  WideDecisionsTest() {
    plan_ = make_plan(model(), {.target = &targets::find_target("qnn")});
    decisions_.target = "qnn";
    decisions_.nodes = {"Gemm_y"};
    decisions_.wide_parts = {{.node = "Conv_c", .op_type = "Conv", .reason = "accuracy"}};
    decisions_.wide_nodes = {"Conv_c"};
  }
};

TEST_F(WideDecisionsTest, ComeBackAsTheyWereInAFileOfTheirOwnVersion) {
  const std::string text = decisions_text(decisions_);
  EXPECT_THAT(text, HasSubstr("\"version\": 2"));
  write_file(file("d.json"), text);
  const Decisions read = read_decisions(file("d.json"), plan_);
  EXPECT_EQ(decisions_text(read), text);
  EXPECT_EQ(read.wide_nodes, decisions_.wide_nodes);
  EXPECT_EQ(read.wide_parts.size(), 1u);
}

TEST_F(WideDecisionsTest, WithoutWiderCodesTheFileIsAsItEverWas) {
  decisions_.wide_parts.clear();
  decisions_.wide_nodes.clear();
  const std::string text = decisions_text(decisions_);
  EXPECT_THAT(text, HasSubstr("\"version\": 1"));
  EXPECT_THAT(text, testing::Not(HasSubstr("wide")));
}

TEST_F(WideDecisionsTest, ThatDoNotFitAreRefused) {
  Decisions other = decisions_;
  other.wide_nodes = {"Conv_d"};
  EXPECT_THAT(refusal(other), HasSubstr("is a node that the model does not have"));
  other = decisions_;
  other.nodes.push_back("Conv_c");
  EXPECT_THAT(refusal(other), HasSubstr("is both float and on wider codes"));
  std::string text = decisions_text(decisions_);
  const std::string key = "wide_nodes";
  text.replace(text.find(key), key.size(), "wide_mode");
  EXPECT_THAT(refusal(text), HasSubstr("'wide_nodes' is missing"));
}

TEST_F(WideDecisionsTest, ATargetWithoutWiderCodesRefusesThemByName) {
  plan_ = make_plan(model());
  EXPECT_THAT(refusal(decisions_), HasSubstr("was made for the target 'qnn'"));
  decisions_.target = "ort-cpu";
  EXPECT_THAT(refusal(decisions_),
              HasSubstr("has nodes on wider codes, which the target 'ort-cpu' does not have"));
}

TEST_F(DecisionsTest, WhatIsNoDecisionsFileIsRefused) {
  EXPECT_THAT(refusal("{"), HasSubstr("is no decisions file"));
  EXPECT_THAT(refusal("[]"), HasSubstr("'format' is missing"));
  EXPECT_THAT(refusal(R"({"format": "x"})"), HasSubstr("'format' is not"));
  Decisions other = decisions_;
  other.written = "nothing";
  EXPECT_THAT(refusal(other), HasSubstr("'written' is none of"));
  std::string text = decisions_text(decisions_);
  const std::string version = "\"version\": 1";
  text.replace(text.find(version), version.size(), "\"version\": 3");
  EXPECT_THAT(refusal(text), HasSubstr("version"));
  EXPECT_THROW(read_decisions(file("none.json"), plan_), Error);
}

}  // namespace
}  // namespace rangefinder::workflow
