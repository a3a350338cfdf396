#include "analog/ranges/sampler.h"

#include <gmock/gmock.h>

#include "analog/models.h"
#include "base/error.h"

namespace rangefinder::analog {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

tensor::Tensor one(float value) { return tensor::Tensor::from_floats({1}, std::vector{value}); }

Sampler counting(int end) {
  return [end, k = 0]() mutable -> std::optional<ModelInputs> {
    if (k == end) return std::nullopt;
    return ModelInputs{.positional = {one(static_cast<float>(k++))}};
  };
}

size_t drain(const engine::SampleFeed& feed) {
  size_t count = 0;
  while (feed()) ++count;
  return count;
}

TEST(FeedFrom, TakesPositionalAndNamedInputs) {
  bool done = false;
  const Sampler sampler = [&]() -> std::optional<ModelInputs> {
    if (std::exchange(done, true)) return std::nullopt;
    return ModelInputs{.positional = {one(1)}, .named = {{"mask", one(2)}}};
  };
  const auto feed = feed_from(sampler, {"x", "mask"});
  const auto sample = feed();
  EXPECT_EQ(sample->name, "sample 0");
  const auto inputs = sample->read({});
  EXPECT_THAT(inputs.at("x").floats(), ElementsAre(1));
  EXPECT_THAT(inputs.at("mask").floats(), ElementsAre(2));
  EXPECT_FALSE(feed());
}

TEST(FeedFrom, StopsAtTheLimit) {
  EXPECT_EQ(drain(feed_from(counting(10), {"x"}, {.sample_limit = 4})), 4u);
  EXPECT_EQ(drain(feed_from(counting(3), {"x"}, {.sample_limit = 4})), 3u);
  const StreamSource samples = pictures(5);
  EXPECT_EQ(drain(feed_from(samples)), 5u);
  EXPECT_EQ(drain(feed_from(samples, 2)), 2u);
}

TEST(FeedFrom, AnEndlessSamplerIsAnErrorThatNamesTheCure) {
  const auto feed = feed_from(counting(-1), {"x"}, {.endless_after = 100});
  try {
    drain(feed);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("100"));
    EXPECT_THAT(error.what(), HasSubstr("limit"));
  }
}

TEST(FeedFrom, RefusesTooManyInputsAndTheSameTwice) {
  const auto two = []() -> std::optional<ModelInputs> {
    return ModelInputs{.positional = {one(1), one(2)}};
  };
  EXPECT_THROW(feed_from(two, {"x"})(), Error);
  const auto twice = []() -> std::optional<ModelInputs> {
    return ModelInputs{.positional = {one(1)}, .named = {{"x", one(2)}}};
  };
  EXPECT_THROW(feed_from(twice, {"x"})(), Error);
}

TEST(InputNames, LeaveOutInitializers) {
  auto model = mixed_model();
  model.mutable_graph()->add_input()->set_name("w2");
  EXPECT_THAT(input_names(model), ElementsAre("x"));
}

}  // namespace
}  // namespace rangefinder::analog
