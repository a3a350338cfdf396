#include "rangefinder/method.h"

#include <stdexcept>

#include "api/fixture.h"
#include "rangefinder/method_info.h"

namespace rangefinder {
namespace {

using testing::Contains;
using testing::HasSubstr;

TEST(MethodApi, ListsMethodsAndTargets) {
  for (const char* name : {"minmax", "percentile", "kl", "mse", "isotone"}) {
    EXPECT_THAT(known_methods(), Contains(name));
  }
  ASSERT_FALSE(known_targets().empty());
  EXPECT_EQ(known_targets().front().name, "ort-cpu");
  EXPECT_THAT(known_targets().front().summary, HasSubstr("ONNX Runtime"));
}

TEST(MethodApi, TellsOfEachBuiltInMethodWhatItKeeps) {
  const auto names = known_methods();
  const auto infos = method_infos();
  ASSERT_EQ(infos.size(), names.size());
  for (size_t i = 0; i < infos.size(); ++i) {
    EXPECT_EQ(infos[i].name, names[i]);
    EXPECT_NE(infos[i].summary, "") << names[i];
  }
}

TEST(MethodApi, ChecksBeforeTheWork) {
  EXPECT_NO_THROW(validate(Method{}));
  EXPECT_THROW(validate({.name = "entropy"}), std::invalid_argument);
  EXPECT_THROW(validate({.name = "percentile", .options = {.percentile = 0}}),
               std::invalid_argument);
  EXPECT_THROW(validate({.for_tensors = {{"x", "entropy"}}}), std::invalid_argument);
  EXPECT_THROW(validate({}, "abacus"), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder
