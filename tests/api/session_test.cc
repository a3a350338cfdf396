#include "rangefinder/session.h"

#include "api/fixture.h"

namespace rangefinder {
namespace {

using SessionApi = ApiTest;

TEST_F(SessionApi, RunsAsOftenAsYouLike) {
  Session session(model());
  EXPECT_EQ(session.inputs()[0].name, "x");
  EXPECT_EQ(session.outputs()[0].name, "y");
  const NamedTensors first = session.run({{"x", picture(0)}});
  session.execute({{"", picture(1)}});
  EXPECT_EQ(session.run({{"", picture(0)}}), first);
  EXPECT_THROW(session.run({{"z", picture(0)}}), Error);
}

}  // namespace
}  // namespace rangefinder
