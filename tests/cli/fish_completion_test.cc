#include "cli/completion_fixture.h"

namespace rangefinder::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class FishCompletion : public CompletionTest {
 protected:
  /// What fish offers behind a line, without descriptions.
  std::vector<std::string> offers(const std::string& line) const {
    write("rangefinder.fish", fish_completion(*command_tree()));
    auto lines = lines_of("/usr/bin/fish", "source rangefinder.fish\ncomplete -C '" + line + "'\n");
    for (std::string& offer : lines) offer = offer.substr(0, offer.find('\t'));
    return lines;
  }
};

TEST_F(FishCompletion, HasALineForEachOption) {
  const std::string script = fish_completion(*command_tree());
  for (const char* part :
       {"-n '__rangefinder_at quantize' -s o -l output -r -k -a '(__fish_complete_suffix .onnx)'",
        "-n '__rangefinder_at analog calibrate' -l type -r -a 'max moving-std",
        "-n '__rangefinder_at' -a 'quantize'"}) {
    EXPECT_THAT(script, HasSubstr(part));
  }
}

TEST_F(FishCompletion, DescriptionsAreText) {
  CLI::App app("", "rangefinder");
  bool flag = false;
  app.add_flag("--flag", flag, "It's \\ text");
  EXPECT_THAT(fish_completion(app), HasSubstr("-d 'It\\'s \\\\ text'"));
}

TEST_F(FishCompletion, FishOffersWhatItSays) {
  if (!std::filesystem::exists("/usr/bin/fish")) GTEST_SKIP() << "no fish here";
  EXPECT_THAT(offers("rangefinder quan"), ElementsAre("quantize"));
  EXPECT_THAT(offers("rangefinder analog c"), UnorderedElementsAre("calibrate", "compare"));
  EXPECT_THAT(offers("rangefinder quantize --effort th"), ElementsAre("thorough"));
  EXPECT_THAT(offers("rangefinder quantize --held"), Contains("--held-out"));
  EXPECT_THAT(offers("rangefinder solve mod"), ElementsAre("model.onnx"));
}

}  // namespace
}  // namespace rangefinder::cli
