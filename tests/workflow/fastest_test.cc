#include "workflow/fastest.h"

#include <gmock/gmock.h>

#include "engine/packed_model.h"
#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using testing::Each;

class FastestTest : public WorkflowTest {
 protected:
  FastestTest() : plan_(make_plan(model())) {
    auto request = quantize_request("int8.onnx");
    request.effort = Effort::kFast;
    quantize(request);
    onnx::ModelProto proto = plan_.prepared.model;
    graph::Graph graph(proto);
    atoms_ = passes::find_atoms(graph, plan_.annotation, *plan_.target);
  }

  std::vector<TimeChoice> choices(const std::vector<bool>& must_be_float) {
    return choices_by_time(plan_, file("int8.onnx"), atoms_, must_be_float,
                           open_input({samples()}).list->read(0), "sample");
  }

  Plan plan_;
  std::vector<passes::Atom> atoms_;
};

TEST_F(FastestTest, ChoicesAreDifferentAndLeaveFloatWhatMustBe) {
  const std::vector<bool> must_be_float = {false, true, false};
  const auto found = choices(must_be_float);
  for (size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(found[i].atoms.size(), atoms_.size());
    EXPECT_TRUE(found[i].atoms[1]);
    EXPECT_FALSE(found[i].atoms == must_be_float && found[i].movers.empty());
    for (size_t j = 0; j < i; ++j) EXPECT_FALSE(found[i] == found[j]);
  }
}

TEST_F(FastestTest, TheOriginalIsTheFileAsItWas) {
  const auto source = original_float(plan_, "out.onnx");
  EXPECT_EQ(source.file, "out.onnx");
  const auto written = engine::parse_model(source);
  EXPECT_EQ(written.graph().node_size(), 7);
  for (const auto& node : written.graph().node()) EXPECT_NE(node.op_type(), "QuantizeLinear");
}

}  // namespace
}  // namespace rangefinder::workflow
