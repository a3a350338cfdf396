#include "workflow/run_files.h"

#include <gmock/gmock.h>

#include <fstream>

#include "base/error.h"
#include "base/replace.h"
#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

namespace fs = std::filesystem;

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

class RunFilesTest : public WorkflowTest {
 protected:
  RunFilesTest() {
    write_file(file("config.json"), "{}");
    auto with_data = classifier();
    auto& tensor = *with_data.graph().mutable_initializer(0);
    tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    auto* entry = tensor.add_external_data();
    entry->set_key("location");
    entry->set_value("weights.bin");
    write_file(file("external.onnx"), with_data.bytes());
    write_file(file("weights.bin"), "weights");
  }

  RunFiles writing(const std::vector<fs::path>& outputs) const {
    return {.models = {model(), file("external.onnx")},
            .data = {samples()},
            .others = {file("config.json")},
            .outputs = outputs};
  }
  void expect_refused(const fs::path& output, const std::string& what) const {
    EXPECT_THAT(
        [&] {
          prepare_outputs(writing({file("new"), output}));
        },
        ThrowsMessage<Error>(AllOf(HasSubstr(output.string() + ": is "), HasSubstr(what))));
  }
};

TEST_F(RunFilesTest, WhatTheRunReadsIsNoOutput) {
  for (const char* input :
       {"net.onnx", "external.onnx", "weights.bin", "config.json", "samples/3.npy"}) {
    expect_refused(file(input), "read by this run");
  }
  EXPECT_FALSE(fs::exists(file("new")));
}

TEST_F(RunFilesTest, NorIsItByAnotherPath) {
  fs::create_directory(file("sub"));
  fs::create_directory_symlink(samples(), file("sub/data"));
  for (const char* input : {"net.onnx", "weights.bin", "config.json", "samples/3.npy"}) {
    SCOPED_TRACE(input);
    expect_refused(file("samples/..") / input, "read by this run");
    fs::create_symlink(file(input), file("sub/link"));
    expect_refused(file("sub/link"), "read by this run");
    fs::create_symlink("link", file("sub/chain"));
    expect_refused(file("sub/chain"), "read by this run");
    fs::create_hard_link(file(input), file("sub/hard"));
    expect_refused(file("sub/hard"), "read by this run");
    for (const char* name : {"sub/link", "sub/chain", "sub/hard"}) fs::remove(file(name));
  }
  expect_refused(file("sub/data/3.npy"), "read by this run");
}

TEST_F(RunFilesTest, InputsMayBeLinksThemselves) {
  fs::create_symlink("net.onnx", file("link.onnx"));
  EXPECT_THROW(prepare_outputs({.models = {file("link.onnx")}, .outputs = {model()}}), Error);
}

TEST_F(RunFilesTest, EachOutputIsAFileOfItsOwn) {
  fs::create_directory(file("sub"));
  expect_refused(file("sub/../new"), "another result");
  fs::create_symlink("../new", file("sub/link"));
  expect_refused(file("sub/link"), "another result");
  write_file(file("new"), "there already");
  expect_refused(file("sub/link"), "another result");
  fs::create_hard_link(file("new"), file("sub/hard"));
  expect_refused(file("sub/hard"), "another result");
}

TEST_F(RunFilesTest, NeighboursOfInputsAreFine) {
  write_file(samples() / "old.onnx", "a result, no sample");
  EXPECT_NO_THROW(prepare_outputs(writing({samples() / "old.onnx", samples() / "new.npy"})));
  EXPECT_FALSE(fs::exists(samples() / "new.npy"));
}

TEST_F(RunFilesTest, WhatAKilledRunBeganIsFinishedAndTold) {
  write_file(file("a"), "old");
  std::string temporary = temporary_template(file("a")).string();
  temporary.replace(temporary.size() - 6, 6, "abcdef");
  std::ofstream(temporary) << "new";
  std::ofstream(companion_of(file("a"), "commit"))
      << std::string("rangefinder commit 1\0", 21) << fs::path(temporary).filename().string()
      << '\0' << "a" << '\0' << std::string("end\0", 4);
  fs::create_symlink("a", file("link"));
  std::vector<std::string> told;
  prepare_outputs({.outputs = {file("link")}},
                  {.notice = [&](const std::string& message) { told.push_back(message); }});
  EXPECT_THAT(told, ElementsAre(HasSubstr(file("a").string())));
  EXPECT_EQ(read_file(file("a")), "new");
  told.clear();
  prepare_outputs({.outputs = {file("a")}});
  EXPECT_THAT(told, IsEmpty());
}

}  // namespace
}  // namespace rangefinder::workflow
