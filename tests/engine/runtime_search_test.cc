#include "engine/runtime_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "data/temporary_folder.h"

namespace rangefinder::engine {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class RuntimeSearchTest : public testing::Test {
 protected:
  /// An empty file, for the search does not open what it finds.
  fs::path put(const std::string& name) const {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    write_file(path, "");
    return path;
  }
  fs::path put_folder(const std::string& name) const {
    fs::create_directories(folder_ / name);
    return folder_ / name;
  }
  static std::string refusal(const RuntimeSearch& search) {
    try {
      return "found " + find_runtime(search).string();
    } catch (const Error& error) {
      return error.what();
    }
  }
  data::TemporaryFolder folder_;
};

TEST_F(RuntimeSearchTest, TheCallerIsAskedFirstThenTheEnvironmentThenTheInstallation) {
  const fs::path named = put("named/libonnxruntime.so.1");
  const fs::path environment = put("environment/libonnxruntime.so.1");
  const fs::path installed = put("lib/rangefinder/libonnxruntime.so.1");
  RuntimeSearch search = {named, environment, put_folder("bin")};
  EXPECT_EQ(find_runtime(search), named);
  search.named.clear();
  EXPECT_EQ(find_runtime(search), environment);
  search.environment.clear();
  EXPECT_TRUE(fs::equivalent(find_runtime(search), installed));
  search.own_folder.clear();
  EXPECT_EQ(find_runtime(search), "libonnxruntime.so.1");
}

TEST_F(RuntimeSearchTest, BesideAProgramAndBesideALibrary) {
  const fs::path installed = put("lib/rangefinder/libonnxruntime.so.1.30.0");
  EXPECT_TRUE(fs::equivalent(find_runtime({.own_folder = put_folder("bin")}), installed));
  EXPECT_TRUE(fs::equivalent(find_runtime({.own_folder = folder_ / "lib"}), installed));
  const fs::path multiarch = put("lib/some-linux-gnu/rangefinder/libonnxruntime.so.1");
  EXPECT_EQ(find_runtime({.own_folder = folder_ / "lib/some-linux-gnu"}), multiarch);
  EXPECT_EQ(find_runtime({.own_folder = put_folder("elsewhere/bin")}), "libonnxruntime.so.1");
}

TEST_F(RuntimeSearchTest, AFolderIsThatOfALibraryOrAPackage) {
  const fs::path in_capi = put("onnxruntime/capi/libonnxruntime.so.1.29.0");
  put("onnxruntime/capi/libonnxruntime_providers_shared.so");
  EXPECT_EQ(find_runtime({.named = folder_ / "onnxruntime"}), in_capi);
  const fs::path in_lib = put("onnxruntime/lib/libonnxruntime.so");
  EXPECT_EQ(find_runtime({.named = folder_ / "onnxruntime"}), in_lib);
  const fs::path direct = put("onnxruntime/libonnxruntime.so.1");
  EXPECT_EQ(find_runtime({.named = folder_ / "onnxruntime"}), direct);
}

TEST_F(RuntimeSearchTest, TheLatestOfSeveralReleasesUnlessALinkSaysWhich) {
  put("libonnxruntime.so");
  put("libonnxruntime.so.1.9.0");
  put("libonnxruntime.so.1.31.0.old");
  put("libonnxruntime.so.1.x");
  put_folder("libonnxruntime.so.2.0.0");
  const fs::path latest = put("libonnxruntime.so.1.30.0");
  EXPECT_EQ(find_runtime({.environment = folder_.path()}), latest);
  const fs::path chosen = put("libonnxruntime.so.1");
  EXPECT_EQ(find_runtime({.environment = folder_.path()}), chosen);
}

TEST_F(RuntimeSearchTest, AFileMayHaveAnyName) {
  EXPECT_EQ(find_runtime({.environment = put("my runtime")}), folder_ / "my runtime");
}

TEST_F(RuntimeSearchTest, ABareNameIsAFileHereAndNotTheSystems) {
  const fs::path before = fs::current_path();
  put("libonnxruntime.so.1");
  fs::current_path(folder_.path());
  EXPECT_TRUE(find_runtime({.named = "libonnxruntime.so.1"}).is_absolute());
  fs::current_path(before);
}

TEST_F(RuntimeSearchTest, WhatIsNamedButMissingIsNotReplaced) {
  put("lib/rangefinder/libonnxruntime.so.1");
  const fs::path own = put_folder("bin");
  const fs::path missing = folder_ / "missing";
  EXPECT_THAT(refusal({.named = missing, .own_folder = own}),
              AllOf(HasSubstr(missing.string()), HasSubstr("no such file or folder"),
                    HasSubstr("the caller")));
  EXPECT_THAT(refusal({.environment = missing, .own_folder = own}),
              HasSubstr("named by RANGEFINDER_ONNXRUNTIME"));
  EXPECT_THAT(refusal({.environment = own, .own_folder = own}),
              AllOf(HasSubstr(own.string()), HasSubstr("no libonnxruntime.so.1 in this folder")));
}

TEST_F(RuntimeSearchTest, OurOwnFolderIsThatOfTheTestProgram) {
  EXPECT_EQ(own_folder(), fs::canonical("/proc/self/exe").parent_path());
}

}  // namespace
}  // namespace rangefinder::engine
