#include "rangefinder/npy.h"

#include "api/fixture.h"

namespace rangefinder {
namespace {

using NpyApi = ApiTest;

TEST_F(NpyApi, GoesThereAndBack) {
  write_npy(file("a.npy"), picture(3).view());
  EXPECT_EQ(read_npy(file("a.npy")), picture(3));
  EXPECT_THROW(read_npy(file("b.npy")), Error);
}

}  // namespace
}  // namespace rangefinder
