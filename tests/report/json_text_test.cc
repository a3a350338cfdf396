#include "report/json_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rangefinder::report {
namespace {

TEST(JsonText, IsIndentedAndEndsItsLine) {
  EXPECT_EQ(json_text({{"b", 1}, {"a", "\u00e9"}}), "{\n  \"b\": 1,\n  \"a\": \"\u00e9\"\n}\n");
}

TEST(JsonText, ReplacesWhatIsNotUtf8) { EXPECT_EQ(json_text("caf\xe9"), "\"caf\ufffd\"\n"); }

}  // namespace
}  // namespace rangefinder::report
