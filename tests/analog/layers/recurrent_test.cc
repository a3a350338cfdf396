#include "analog/layers/recurrent.h"

#include <gmock/gmock.h>

#include "analog/layers/layer_candidates.h"
#include "analog/recurrent_models.h"

namespace rangefinder::analog {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string refusal(test_support::OnnxBuilder b) {
  return read_recurrent(b.graph().node(0)).refused.value_or("");
}

TEST(ReadRecurrent, RefusesWhatHasNoEquivalent) {
  const auto lstm = [] { return recurrent_model("LSTM", "forward", true, false); };
  EXPECT_EQ(refusal(lstm()), "");
  auto clipped = lstm();
  test_support::OnnxBuilder::Node(clipped.graph().mutable_node(0)).real("clip", 3);
  EXPECT_THAT(refusal(clipped), HasSubstr("clips"));
  auto batch_first = lstm();
  test_support::OnnxBuilder::Node(batch_first.graph().mutable_node(0)).integer("layout", 1);
  EXPECT_THAT(refusal(batch_first), HasSubstr("batch first"));
  auto lengths = lstm();
  lengths.graph().mutable_node(0)->add_input("lengths");
  EXPECT_THAT(refusal(lengths), HasSubstr("lengths"));
  auto coupled = lstm();
  test_support::OnnxBuilder::Node(coupled.graph().mutable_node(0)).integer("input_forget", 1);
  EXPECT_THAT(refusal(coupled), HasSubstr("coupled"));
  auto gru = recurrent_model("GRU", "forward", true, false);
  gru.graph().mutable_node(0)->mutable_attribute(2)->set_i(0);
  EXPECT_THAT(refusal(gru), HasSubstr("reset gate"));
  auto relu = recurrent_model("RNN", "forward", true, false);
  auto* activations = relu.graph().mutable_node(0)->add_attribute();
  activations->set_name("activations");
  activations->add_strings("Relu");
  EXPECT_THAT(refusal(relu), HasSubstr("activations"));
  activations->set_strings(0, "Tanh");
  EXPECT_EQ(refusal(relu), "");
}

TEST(RecurrentCandidates, AreTwoMatricesPerDirection) {
  auto b = recurrent_model("GRU", "bidirectional", true, true);
  graph::Graph graph(b.model());
  const auto found = recurrent_candidates(graph, b.graph().node(0));
  std::vector<std::string> names;
  for (const auto& candidate : std::get<0>(found)) names.push_back(candidate.layer.name);
  EXPECT_THAT(names, ElementsAre("GRU_y.weight_ih", "GRU_y.weight_hh", "GRU_y.weight_ih_reverse",
                                 "GRU_y.weight_hh_reverse"));
  const AnalogLayer& back = std::get<0>(found)[3].layer;
  EXPECT_EQ(back.outputs, 12);
  EXPECT_EQ(back.inputs(), 4);
  ASSERT_EQ(back.sites.size(), 2u);
  EXPECT_EQ(back.sites[0].part, InputPart::kBackwardStates);
  EXPECT_EQ(back.sites[0].direction, 1);
  EXPECT_EQ(back.sites[1].tensor, "h0");
}

TEST(RecurrentCandidates, NeedConstantWeightsThatFit) {
  auto b = recurrent_model("RNN", "forward", false, false);
  b.graph().mutable_node(0)->set_input(2, "x");
  EXPECT_TRUE(std::holds_alternative<StaysDigital>(
      recurrent_candidates(graph::Graph(b.model()), b.graph().node(0))));
  b.graph().mutable_node(0)->set_input(2, "r");
  b.graph().mutable_node(0)->mutable_attribute(0)->set_i(5);
  EXPECT_TRUE(std::holds_alternative<StaysDigital>(
      recurrent_candidates(graph::Graph(b.model()), b.graph().node(0))));
}

}  // namespace
}  // namespace rangefinder::analog
