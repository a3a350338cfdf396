#include "engine/runtime_library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/error.h"
#include "data/temporary_folder.h"

namespace rangefinder::engine {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;

// The process has one library: what happens before it is chosen is tested with the program, in
// tests/cli/program_test.cc.

TEST(RuntimeLibraryTest, IsTheSameAtEveryCall) {
  const RuntimeLibrary library = runtime_library();
  EXPECT_THAT(library.version, MatchesRegex("1[.][0-9]+[.][0-9]+.*"));
  EXPECT_TRUE(fs::is_regular_file(library.file)) << library.file;
  EXPECT_TRUE(library.file.is_absolute());
  EXPECT_EQ(runtime_library().file, library.file);
}

TEST(RuntimeLibraryTest, MayBeNamedAgain) {
  const RuntimeLibrary library = runtime_library();
  EXPECT_EQ(use_runtime_library(library.file).file, library.file);
  EXPECT_EQ(use_runtime_library(library.file.parent_path()).version, library.version);
}

TEST(RuntimeLibraryTest, CannotBeChangedOnceLoaded) {
  const RuntimeLibrary library = runtime_library();
  const data::TemporaryFolder folder;
  fs::copy_file(library.file, folder / "libonnxruntime.so.1");
  try {
    use_runtime_library(folder.path());
    FAIL() << "two libraries in one process";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr((folder / "libonnxruntime.so.1").string()),
                                    HasSubstr("ONNX Runtime " + library.version),
                                    HasSubstr("in use already, from " + library.file.string())));
  }
  EXPECT_EQ(runtime_library().file, library.file);
}

TEST(RuntimeLibraryTest, AMissingOneIsNotReplacedByTheOneInUse) {
  runtime_library();
  EXPECT_THROW(use_runtime_library("/nowhere/libonnxruntime.so.1"), Error);
}

}  // namespace
}  // namespace rangefinder::engine
