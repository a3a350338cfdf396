#include "cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "cli/command_tree.h"

namespace rangefinder::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

using Words = std::vector<std::string>;

Words read(const Words& words) { return understood(*command_tree(), words); }

template <typename Action>
void expect_misuse(Action&& action, const std::string& part) {
  EXPECT_THAT(std::forward<Action>(action), ThrowsMessage<std::invalid_argument>(HasSubstr(part)));
}

TEST(Understood, AListEndsAtTheModel) {
  EXPECT_THAT(read({"quantize", "--data", "a", "b.npy", "model.onnx", "-o", "c.onnx"}),
              ElementsAre("quantize", "--data", "a", "b.npy", "--", "model.onnx", "-o", "c.onnx"));
  EXPECT_THAT(read({"compare", "--data=a", "b", "f.ONNX", "q.onnx"}),
              ElementsAre("compare", "--data=a", "b", "--", "f.ONNX", "q.onnx"));
  EXPECT_THAT(read({"tensors", "--plugin", "p.so", "a.npy"}),
              ElementsAre("tensors", "--plugin", "p.so", "--", "a.npy"));
  EXPECT_THAT(
      read({"analog", "compare", "--types", "max", "f.onnx", "a.onnx", "--data", "d"}),
      ElementsAre("analog", "compare", "--types", "max", "--", "f.onnx", "a.onnx", "--data", "d"));
}

TEST(Understood, WhereTheModelIsThereAListGoesOn) {
  const Words words = {"quantize", "model.onnx", "--exclude", "conv.onnx", "x", "-o", "c.onnx"};
  EXPECT_EQ(read(words), words);
  const Words merge = {"merge", "a.rfs", "b.rfs", "-o", "c.rfs"};
  EXPECT_EQ(read(merge), merge);
}

TEST(Understood, ValuesMayLookLikeNumbersAndFlagsTakeNone) {
  const Words words = {"observe", "m.onnx",  "--rows", "x",    "--axis",
                       "-2",      "--quiet", "-o",     "a.rfs"};
  EXPECT_EQ(read(words), words);
}

TEST(Understood, BehindTwoDashesNothingIsAnOption) {
  const Words words = {"inspect", "--", "--strange.onnx"};
  EXPECT_EQ(read(words), words);
}

TEST(Understood, HelpTakesNamesOfCommands) {
  EXPECT_THAT(read({"help", "analog", "compare"}), ElementsAre("help", "--", "analog", "compare"));
  EXPECT_THAT(read({"help", "--man"}), ElementsAre("help", "--man"));
}

TEST(Understood, TellsWhatIsNear) {
  expect_misuse(
      [] {
        read({"quantise", "m.onnx"});
      },
      "unknown command 'quantise'; did you mean 'quantize'?");
  expect_misuse([] { read({"analog", "calibarte"}); }, "did you mean 'calibrate'?");
  expect_misuse([] { read({"version"}); }, "did you mean '--version'?");
  expect_misuse([] { read({"zzz"}); }, "'rangefinder help' lists the commands");
  expect_misuse(
      [] {
        read({"quantize", "--efort", "fast"});
      },
      "quantize: unknown option '--efort'; did you mean '--effort'");
  expect_misuse([] { read({"quantize", "--efort=fast"}); }, "did you mean '--effort'");
  expect_misuse([] { read({"quantize", "-data", "x"}); }, "did you mean '--data'?");
  expect_misuse([] { read({"--verison"}); }, "unknown option '--verison'; did you mean");
}

TEST(Understood, AnOptionIsNoValue) {
  expect_misuse(
      [] {
        read({"quantize", "--data", "--samples", "3"});
      },
      "--data needs PATH, found the option '--samples'");
  expect_misuse(
      [] {
        read({"quantize", "m.onnx", "-o", "--data", "x"});
      },
      "-o needs FILE.onnx, found the option '--data'");
}

TEST(CommandOf, IsWhereTheWordsLead) {
  const auto program = command_tree();
  EXPECT_EQ(command_of(*program, {"analog", "compare", "x"}).get_name(), "compare");
  EXPECT_EQ(command_of(*program, {"--version"}).get_name(), "rangefinder");
}

TEST(MissingArgumentHint, TellsThatAListTookIt) {
  const auto program = command_tree();
  Words words = {"x", "model", "a", "--data", "quantize"};  // Last first.
  EXPECT_THROW(program->parse(std::move(words)), CLI::ParseError);
  const auto& command = command_of(*program, {"quantize"});
  EXPECT_EQ(missing_argument_hint(command), "; --data takes all words up to the next option");
  EXPECT_EQ(missing_argument_hint(command_of(*program, {"solve"})), "");
}

}  // namespace
}  // namespace rangefinder::cli
