#include "base/near_names.h"

#include <gmock/gmock.h>

namespace rangefinder {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(NearNames, TheLikeliestFirst) {
  const std::vector<std::string> known = {"/layer1/conv", "/layer2/conv", "/head", "/Layer1/Conv2"};
  EXPECT_THAT(near_names("/layer1/konv", known),
              ElementsAre("/layer1/conv", "/layer2/conv", "/Layer1/Conv2"));
  EXPECT_THAT(near_names("HEAD", known), ElementsAre("/head"));
  EXPECT_THAT(near_names("something else", known), IsEmpty());
}

TEST(NearNames, PartsOfNamesAndPatterns) {
  const std::vector<std::string> known = {"/encoder/layer.11/attention/self/query/MatMul", "pool"};
  EXPECT_THAT(near_names("query", known), ElementsAre(known[0]));
  EXPECT_THAT(near_names("*poll*", known), ElementsAre("pool"));
  EXPECT_THAT(near_names("*", known), IsEmpty());
  EXPECT_THAT(near_names("", known), IsEmpty());
}

TEST(NearNames, AtMostThreeEachOnce) {
  const std::vector<std::string> known = {"conv1", "conv1", "conv2", "conv3", "conv4"};
  EXPECT_THAT(near_names("conv", known), ElementsAre("conv1", "conv2", "conv3"));
}

TEST(NearNames, NamesOfAnyLength) {
  const std::vector<std::string> known = {std::string(1 << 20, 'a'), ""};
  EXPECT_THAT(near_names(std::string(1 << 20, 'a'), known), ElementsAre(known[0]));
}

TEST(DidYouMean, ReadsAsTheEndOfAMessage) {
  EXPECT_EQ(did_you_mean("conv", std::vector<std::string>{"conv1"}), "; did you mean 'conv1'?");
  EXPECT_EQ(did_you_mean("conv", std::vector<std::string>{"conv1", "conv2", "conv3"}),
            "; did you mean 'conv1', 'conv2' or 'conv3'?");
  EXPECT_EQ(did_you_mean("conv", std::vector<std::string>{"pool"}), "");
}

}  // namespace
}  // namespace rangefinder
