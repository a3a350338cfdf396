#include "workflow/keep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "graph/model_file.h"
#include "workflow/fixture.h"
#include "workflow/quantize.h"

namespace rangefinder::workflow {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;

class Keep : public WorkflowTest {
 protected:
  std::vector<std::string> kept() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(file("kept"))) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }
};

TEST_F(Keep, EverythingThatIsMadeOnTheWay) {
  QuantizeRequest request = quantize_request("int8.onnx");
  request.run.keep = file("kept");
  quantize(request);
  EXPECT_THAT(kept(), UnorderedElementsAre("prepared.onnx", "plan.json", "instrumented.onnx",
                                           "quantized.onnx"));
  EXPECT_EQ(read_file(file("kept/quantized.onnx")), read_file(file("int8.onnx")));
  const auto prepared = graph::load_model(file("kept/prepared.onnx")).model;
  EXPECT_EQ(prepared.graph().node_size(), 7);
  EXPECT_THAT(read_file(file("kept/instrumented.onnx")), HasSubstr("Observe"));
  const auto plan = nlohmann::json::parse(read_file(file("kept/plan.json")));
  EXPECT_EQ(plan["target"], "ort-cpu");
  EXPECT_EQ(plan["integer_nodes"].size(), 3u);
  EXPECT_EQ(plan["tensors"][0]["name"], "x");
  EXPECT_EQ(plan["tensors"][0]["is_observed"], true);
}

TEST_F(Keep, WhatWasMadeBeforeAFailureIsThere) {
  observe(observe_request("all.rfs"));
  SolveRequest request = solve_request("all.rfs", "solved.onnx");
  request.statistics.model_fingerprint ^= 1;
  request.run.keep = file("kept");
  EXPECT_THROW(solve(request), Error);
  EXPECT_THAT(kept(), UnorderedElementsAre("prepared.onnx", "plan.json"));
}

TEST_F(Keep, AFolderThatCannotBeMadeIsNamed) {
  QuantizeRequest request = quantize_request("int8.onnx");
  request.run.keep = file("net.onnx") / "kept";
  try {
    quantize(request);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("kept"));
  }
}

}  // namespace
}  // namespace rangefinder::workflow
