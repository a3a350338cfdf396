// `rangefinder compare` as a user runs it.

#include "cli/fixture.h"

namespace rangefinder::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Compare : public ProgramTest {
 protected:
  Compare() {
    write_model();
    data_ = write_samples(5);
    succeed({"quantize", path("model.onnx"), "--data", data_, "-o", path("int8.onnx")});
  }

  Words command(const std::string& other, const Words& more = {}) const {
    return joined({"compare", path("model.onnx"), other, "--data", data_}, more);
  }

  std::string data_;
};

TEST_F(Compare, MeasuresTheOutputsOfTheIntegerKernels) {
  const Json found = json_of(command(path("int8.onnx"), {"--json"}));
  EXPECT_THAT(support::keys(found),
              ElementsAre("outputs", "integer_nodes", "eligible_nodes", "samples",
                          "left_out_samples", "float_nodes", "reference"));
  ASSERT_EQ(found["outputs"].size(), 1u);
  const Json& output = found["outputs"][0];
  EXPECT_THAT(
      support::keys(output),
      ElementsAre("name", "sqnr_db", "cosine", "max_abs_error", "nonfinite_count", "sample_count",
                  "shape_mismatch_count", "equal_share", "sqnr_bound_db", "score_sqnr_db",
                  "score_bound_db", "same_top_share", "top_loss", "top_loss_bound", "text_loss",
                  "joined_samples", "judged_at", "selected_by", "hidden_nodes", "reason"));
  EXPECT_EQ(output["name"], "y");
  EXPECT_GT(output["sqnr_db"].get<double>(), 20);
  EXPECT_GT(output["cosine"].get<double>(), 0.99);
  EXPECT_GT(output["max_abs_error"].get<double>(), 0);
  EXPECT_EQ(found["integer_nodes"], 2);
  EXPECT_EQ(found["eligible_nodes"], 2);
  EXPECT_EQ(found["samples"], 5);
  EXPECT_EQ(json_of(command(path("int8.onnx"), {"--json", "--jobs", "1"})), found);
  EXPECT_EQ(json_of(command(path("int8.onnx"), {"--json", "--samples", "2"}))["samples"], 2);
}

TEST_F(Compare, AModelIsExactlyItself) {
  const Json same = json_of(command(path("model.onnx"), {"--json"}));
  EXPECT_TRUE(same["outputs"][0]["sqnr_db"].is_null());
  EXPECT_NEAR(same["outputs"][0]["cosine"].get<double>(), 1, 1e-12);
  EXPECT_EQ(same["outputs"][0]["max_abs_error"], 0);
  EXPECT_EQ(same["integer_nodes"], 0);
  const std::string table = succeed(command(path("model.onnx")));
  EXPECT_THAT(table, HasSubstr("exact"));
  EXPECT_THAT(table, HasSubstr("0 of 2 Conv, Gemm and MatMul kernels compute in integers"));
}

TEST_F(Compare, ReportsProgress) {
  const auto result = run(command(path("int8.onnx"), {"--json", "--progress", "json"}));
  EXPECT_THAT(result.errors, HasSubstr(R"("stage":"compare","done":5,"total":5)"));
  EXPECT_TRUE(Json::accept(result.output));
}

TEST_F(Compare, TroubleIsExitCode1AndNamesTheFile) {
  const auto refused = [&](const std::string& model, const Words& parts) {
    expect_failure(command(model), 1, joined({model}, parts));
  };
  refused(path("none.onnx"), {});
  refused(write("text.onnx", "no model"), {});
  test_support::OnnxBuilder b;
  b.input("x", {-1, 1, 8, 8});
  b.node("Relu", {"x"}, {"z"});
  b.output("z", {-1, 1, 8, 8});
  refused(write("other.onnx", b.bytes()), {"'y'", path("model.onnx")});
  const std::string bad = write("bad.npy", {1, 1, 8}, std::vector<float>(8));
  expect_failure({"compare", path("model.onnx"), path("int8.onnx"), "--data", bad}, 1,
                 {bad + ": ", "[1, 1, 8]", "[?, 1, 8, 8]"});
}

TEST_F(Compare, ASampleThatIsNotFiniteIsRefusedUnlessIgnored) {
  const std::string bad = write("nan.npy", {1, 1, 8, 8}, std::vector<float>(64, NAN));
  Words words = {"compare", path("model.onnx"), path("int8.onnx"), "--data", bad};
  expect_failure(words, 1, {bad + ": ", "NaN"});
  words.insert(words.end(), {"--nonfinite", "ignore", "--json"});
  EXPECT_EQ(json_of(words)["outputs"][0]["nonfinite_count"], 3);
}

TEST_F(Compare, WrongUsageIsExitCode2) {
  expect_failure({"compare", path("model.onnx"), "--data", data_}, 2, {"QUANTIZED"});
  expect_failure({"compare", path("model.onnx"), path("int8.onnx")}, 2, {"--data"});
  expect_failure(command(path("int8.onnx"), {"--samples", "none"}), 2, {"--samples"});
  expect_failure(command(path("int8.onnx"), {"--nonfinite", "some"}), 2, {"--nonfinite"});
}

}  // namespace
}  // namespace rangefinder::cli
