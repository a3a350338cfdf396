#include "workflow/range_notes.h"

#include <gtest/gtest.h>

namespace rangefinder::workflow {
namespace {

TensorRow row(const std::string& name, const std::string& root, const std::string& method,
              std::map<std::string, double> figures = {}) {
  return {.name = name, .root = root, .method = method, .figures = std::move(figures)};
}

TEST(GuardNote, CountsRangesNotTensorsThatShareThem) {
  EXPECT_EQ(guard_note({row("a", "a", "kl", {{"guard_ratio", 9}}),
                        row("moved", "a", "kl", {{"guard_ratio", 9}}), row("b", "b", "kl")}),
            "kl would lose more than twice what the best range does on 1 of 2 tensors: those have "
            "the best (guard_ratio in the summary)");
}

TEST(GuardNote, SaysNothingWhereTheMethodStands) {
  EXPECT_EQ(guard_note({row("a", "a", "isotone", {{"kept_share", 1}})}), "");
  EXPECT_EQ(guard_note({}), "");
}

TEST(GuardNote, NamesNoMethodWhereThereAreTwo) {
  const auto note = guard_note({row("a", "a", "kl", {{"guard_ratio", 9}}),
                                row("b", "b", "percentile", {{"guard_ratio", 3}})});
  EXPECT_TRUE(note.starts_with("their method would lose")) << note;
}

}  // namespace
}  // namespace rangefinder::workflow
