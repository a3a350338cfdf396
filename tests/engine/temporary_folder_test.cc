#include "engine/temporary_folder.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"

namespace rangefinder::engine {
namespace {

TEST(TemporaryFolder, IsEmptyAndGoesAwayWithItsContents) {
  std::filesystem::path path;
  {
    const TemporaryFolder folder;
    path = folder.path();
    EXPECT_TRUE(std::filesystem::is_empty(path));
    write_file(path / "x", "content");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TemporaryFolder, TwoDiffer) {
  const TemporaryFolder a;
  const TemporaryFolder b;
  EXPECT_NE(a.path(), b.path());
}

TEST(TemporaryFolder, NoPlaceForItIsAnError) {
  const char* old = std::getenv("TMPDIR");
  const std::string saved = old == nullptr ? "" : old;
  ::setenv("TMPDIR", "/nonexistent-folder", 1);
  EXPECT_THROW(TemporaryFolder(), Error);
  old == nullptr ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", saved.c_str(), 1);
}

}  // namespace
}  // namespace rangefinder::engine
