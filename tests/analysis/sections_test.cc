#include "analysis/sections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::analysis {
namespace {

using tensor::Tensor;
using test_support::OnnxBuilder;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

std::map<std::string, Sections> sections(OnnxBuilder& b) {
  const std::vector<std::string> outputs = {"y"};
  return sections_of(test_support::prepare(b.model()), outputs);
}

/// Corners by a Conv, and two kinds of scores by Sigmoids, of x [1, 3, side, side].
std::string level(OnnxBuilder& b, const std::string& x) {
  for (const auto& [name, count] : {std::pair("box", 4), {"one", 1}, {"all", 3}}) {
    b.weights("w_" + x + name, {count, 3, 1, 1});
    b.node("Conv", {x, "w_" + x + name}, {x + name});
  }
  b.node("Sigmoid", {x + "one"}, {x + "one_s"});
  b.node("Sigmoid", {x + "all"}, {x + "all_s"});
  b.node("Concat", {x + "one_s", x + "box", x + "all_s"}, {x + "joined"}).integer("axis", 1);
  b.node("Reshape", {x + "joined", "flat"}, {x + "flat"});
  return x + "flat";
}

TEST(Sections, OfADetectorAreItsBoxesAndItsScores) {
  OnnxBuilder b;
  b.input("a", {1, 3, 4, 4});
  b.input("c", {1, 3, 2, 2});
  b.initializer("flat", {3}, std::vector<int64_t>{1, 8, -1});
  const std::string first = level(b, "a");
  const std::string second = level(b, "c");
  b.node("Concat", {first, second}, {"levels"}).integer("axis", -1);
  b.node("Transpose", {"levels"}, {"y"}).ints("perm", {0, 2, 1});
  b.output("y", {1, 20, 8});
  const auto found = sections(b);
  ASSERT_TRUE(found.contains("y"));
  const Sections& y = found.at("y");
  EXPECT_EQ(y.axis, 2u);
  EXPECT_EQ(y.size, 8);
  ASSERT_EQ(y.sections.size(), 2u);
  EXPECT_EQ(y.sections[0].name, "aone_s");
  EXPECT_THAT(y.sections[0].ranges, ElementsAre(Pair(0, 1), Pair(5, 8)));
  EXPECT_EQ(y.sections[1].name, "abox");
  EXPECT_THAT(y.sections[1].ranges, ElementsAre(Pair(1, 5)));
}

TEST(Sections, PartsOfOneKindAreNone) {
  OnnxBuilder b;
  b.input("x", {1, 3, 4, 4});
  b.weights("w", {2, 3, 1, 1});
  b.weights("v", {5, 3, 1, 1});
  b.node("Conv", {"x", "w"}, {"p"});
  b.node("Conv", {"x", "v"}, {"q"});
  b.node("Concat", {"p", "q"}, {"y"}).integer("axis", 1);
  b.output("y", {1, 7, 4, 4});
  EXPECT_THAT(sections(b), IsEmpty());
}

TEST(Sections, BehindArithmeticOrAnAxisThatIsGoneThereAreNone) {
  for (const bool is_flat : {false, true}) {
    OnnxBuilder b;
    b.input("x", {1, 3, 4, 4});
    b.weights("w", {2, 3, 1, 1});
    b.node("Conv", {"x", "w"}, {"p"});
    b.node("Sigmoid", {"p"}, {"q"});
    b.node("Concat", {"p", "q"}, {"both"}).integer("axis", 1);
    b.initializer("flat", {2}, std::vector<int64_t>{1, 64});
    if (is_flat) {
      b.node("Reshape", {"both", "flat"}, {"y"});
    } else {
      b.node("Relu", {"both"}, {"y"});
    }
    b.output("y", is_flat ? std::vector<int64_t>{1, 64} : std::vector<int64_t>{1, 4, 4, 4});
    EXPECT_THAT(sections(b), IsEmpty()) << is_flat;
  }
}

TEST(SectionPowers, AddUpEachQuantity) {
  const Sections sections{
      .axis = 1, .size = 3, .sections = {{"a", {{0, 1}, {2, 3}}}, {"b", {{1, 2}}}}};
  const auto real = Tensor::from_floats({1, 3, 2}, std::vector<float>{1, 2, 30, 40, 5, 6});
  const auto other = Tensor::from_floats({1, 3, 2}, std::vector<float>{1, 3, 30, 43, 5, 4});
  const auto powers = section_powers(sections, real, other);
  ASSERT_EQ(powers.size(), 2u);
  EXPECT_EQ(powers[0].signal, 1 + 4 + 25 + 36);
  EXPECT_EQ(powers[0].noise, 1 + 4);
  EXPECT_EQ(powers[1].signal, 900 + 1600);
  EXPECT_EQ(powers[1].noise, 9);
  const auto wider = Tensor::from_floats({1, 4, 1}, std::vector<float>{1, 2, 3, 4});
  EXPECT_TRUE(section_powers(sections, wider, wider).empty()) << "not as it was expected";
  EXPECT_TRUE(section_powers(sections, real, wider).empty());
}

}  // namespace
}  // namespace rangefinder::analysis
