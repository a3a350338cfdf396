#include "engine/open_runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "data/temporary_folder.h"
#include "engine/runtime_library.h"

namespace rangefinder::engine {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

std::string refusal(const fs::path& file) {
  try {
    open_runtime(file);
  } catch (const Error& error) {
    EXPECT_EQ(error.place().file, file.string());
    return error.what();
  }
  return "opened";
}

fs::path fake(const std::string& name) {
  return fs::path(FAKE_RUNTIMES) / ("fake_runtime_" + name + ".so");
}

TEST(OpenRuntime, TellsReleaseAndPlaceAndWhatItCan) {
  const RuntimeLibrary used = runtime_library();
  const OpenedRuntime opened = open_runtime(used.file);
  EXPECT_EQ(opened.version, used.version);
  EXPECT_EQ(opened.file, used.file);
  ASSERT_NE(opened.api, nullptr);
  EXPECT_NE(opened.api->CreateEnv, nullptr);
  EXPECT_NE(opened.api->GetTensorElementTypeAndShapeDataReference, nullptr);
}

TEST(OpenRuntime, WhatTheOldestReleaseLacksIsNeverThere) {
  const OpenedRuntime opened = open_runtime(runtime_library().file);
  EXPECT_EQ(opened.api->RunOptionsEnableProfiling, nullptr);
}

TEST(OpenRuntime, LinksAreResolved) {
  const data::TemporaryFolder folder;
  const fs::path file = runtime_library().file;
  fs::create_symlink(file, folder / "libonnxruntime.so.1");
  EXPECT_EQ(open_runtime(folder / "libonnxruntime.so.1").file, file);
}

TEST(OpenRuntime, RefusesAnOldReleaseWithoutAskingItForMore) {
  EXPECT_THAT(refusal(fake("old")), HasSubstr("is ONNX Runtime 1.23.2; 1.24 or later is needed"));
}

TEST(OpenRuntime, RefusesAReleaseThatGaveUpOurInterface) {
  EXPECT_THAT(refusal(fake("later")), HasSubstr("is ONNX Runtime 2.0.0; 1.24 or later is needed"));
  EXPECT_THAT(refusal(fake("strange")), HasSubstr("is ONNX Runtime unknown; 1.24 or later"));
}

TEST(OpenRuntime, RefusesALibraryThatIsSomethingElse) {
  EXPECT_THAT(refusal(fake("foreign")), HasSubstr("not ONNX Runtime: OrtGetApiBase() is missing"));
  EXPECT_THAT(refusal(fake("empty")), HasSubstr("not ONNX Runtime: OrtGetApiBase() gives nothing"));
}

TEST(OpenRuntime, RefusesWhatIsNoLibrary) {
  const data::TemporaryFolder folder;
  const fs::path file = folder / "libonnxruntime.so.1";
  const auto is_told = AllOf(StartsWith(file.string() + ": cannot be opened as ONNX Runtime"),
                             HasSubstr("1.24 or later is needed"));
  EXPECT_THAT(refusal(file), is_told) << "not there";
  write_file(file, "");
  EXPECT_THAT(refusal(file), is_told) << "empty";
  write_file(file, "<html>not found</html>");
  EXPECT_THAT(refusal(file), is_told) << "text";
  EXPECT_THAT(refusal(folder.path()), HasSubstr("cannot be opened as ONNX Runtime")) << "a folder";
}

TEST(OpenRuntime, RefusesALibraryThatIsCutOffInsteadOfCrashing) {
  const data::TemporaryFolder folder;
  const fs::path file = folder / "libonnxruntime.so.1";
  const std::string whole = read_file(runtime_library().file);
  for (const size_t size : {size_t{10}, size_t{100}, size_t{5000}, size_t{100000}, whole.size() / 2,
                            whole.size() * 9 / 10}) {
    write_file(file, whole.substr(0, size));
    EXPECT_THAT(refusal(file), AllOf(StartsWith(file.string() + ": cannot be opened as ONNX"),
                                     HasSubstr("1.24 or later is needed")))
        << size;
  }
}

}  // namespace
}  // namespace rangefinder::engine
