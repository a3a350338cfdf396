#include "cli/completion_fixture.h"

namespace rangefinder::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsSupersetOf;
using testing::Not;
using testing::UnorderedElementsAre;

class BashCompletion : public CompletionTest {
 protected:
  /// What bash offers where the last word ends.
  std::vector<std::string> offers(const std::vector<std::string>& words) const {
    std::string quoted;
    for (const std::string& word : words) quoted += " '" + word + "'";
    write("completion.bash", bash_completion(*command_tree()));
    return lines_of("/bin/bash", "source completion.bash\nCOMP_WORDS=(rangefinder" + quoted +
                                     ")\nCOMP_CWORD=" + std::to_string(words.size()) +
                                     "\n_rangefinder\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n");
  }
};

TEST_F(BashCompletion, Commands) {
  EXPECT_THAT(offers({"quan"}), ElementsAre("quantize"));
  EXPECT_THAT(offers({""}), IsSupersetOf({"quantize", "analog", "help", "completion"}));
  EXPECT_THAT(offers({"analog", ""}), UnorderedElementsAre("calibrate", "compare"));
  EXPECT_THAT(offers({"help", "an"}), ElementsAre("analog"));
  EXPECT_THAT(offers({"completion", "f"}), ElementsAre("fish"));
}

TEST_F(BashCompletion, OptionsOfTheCommand) {
  EXPECT_THAT(offers({"quantize", "--he"}), UnorderedElementsAre("--help", "--held-out"));
  EXPECT_THAT(offers({"analog", "calibrate", "--std"}),
              UnorderedElementsAre("--std", "--std-alpha"));
  EXPECT_THAT(offers({"merge", "-"}), Not(Contains("--data")));
  EXPECT_THAT(offers({"--ver"}), ElementsAre("--version"));
}

TEST_F(BashCompletion, ValuesByTheirKind) {
  EXPECT_THAT(offers({"quantize", "--effort", ""}),
              UnorderedElementsAre("fast", "normal", "thorough"));
  EXPECT_THAT(offers({"quantize", "--effort", "=", "n"}), ElementsAre("normal"));
  EXPECT_THAT(offers({"quantize", "--effort", "="}), Contains("thorough"));
  EXPECT_THAT(offers({"solve", "--method", "mean-p"}), ElementsAre("mean-percentile"));
  EXPECT_THAT(offers({"quantize", "-o", "mod"}), ElementsAre("model.onnx"));
  EXPECT_THAT(offers({"quantize", "--keep", ""}), ElementsAre("samples"));
  EXPECT_THAT(offers({"quantize", "--samples", ""}), ElementsAre(""));
}

TEST_F(BashCompletion, ArgumentsAndLists) {
  EXPECT_THAT(offers({"quantize", ""}), UnorderedElementsAre("samples", "model.onnx"));
  EXPECT_THAT(offers({"merge", "all.rfs", "a"}), ElementsAre("all.rfs"));
  EXPECT_THAT(offers({"quantize", "--data", "x", "a "}), ElementsAre("a sample.npy"));
  EXPECT_THAT(offers({"quantize", "--data", "x", "--eff"}), ElementsAre("--effort"));
  EXPECT_THAT(offers({"quantize", "--quiet", "mo"}), ElementsAre("model.onnx"));
  EXPECT_THAT(offers({"quantize", "--effort", "fast", "mo"}), ElementsAre("model.onnx"));
}

}  // namespace
}  // namespace rangefinder::cli
