// Data as pipes, archives and lists, as a user gives them.

#include <sys/stat.h>

#include <csignal>

#include "cli/fixture.h"
#include "data/tar_archive.h"

namespace rangefinder::cli {
namespace {

class StreamedData : public ProgramTest {
 protected:
  StreamedData() {
    write_model();
    write_samples(11);
  }

  std::string sample(size_t index) const {
    return content("samples/" + std::to_string(index) + ".npy");
  }

  Words observe(const std::string& data, const Words& more = {}) const {
    return joined({"observe", path("model.onnx"), "--data", data, "-o", path("all.rfs")}, more);
  }

  /// What statistics say, but for the data set's name.
  Json tensors() const { return json_of({"inspect", path("all.rfs"), "--json"})["tensors"]; }

  Json of_files(const Words& more = {}) const {
    succeed(observe(path("samples"), more));
    return tensors();
  }

  /// The program with what `command` writes on its standard input.
  support::ProgramResult piped(const std::string& command, const Words& arguments) const {
    std::string line = command + " | '" RANGEFINDER_PROGRAM "'";
    for (const std::string& word : arguments) line += " '" + word + "'";
    return support::run_program("/bin/sh", {"-c", line});
  }

  std::string all_samples() const {
    std::string command = "cat";
    for (int i = 0; i < 11; ++i)
      command += " '" + path("samples/" + std::to_string(i) + ".npy") + "'";
    return command;
  }
};

TEST_F(StreamedData, ArchivesListsAndPipesGiveWhatFilesGive) {
  data::TarArchive archive;
  std::string list = "# all\n";
  for (size_t i = 0; i < 11; ++i) {
    archive.add(std::to_string(i) + ".npy", sample(i)).add(std::to_string(i) + ".cls", "3");
    list += "samples/" + std::to_string(i) + ".npy\n";
  }
  write("all.tar", archive.bytes());
  write("list.txt", list);
  const Json expected = of_files();
  for (const std::string& data : {path("all.tar"), "@" + path("list.txt")}) {
    succeed(observe(data));
    EXPECT_EQ(tensors(), expected) << data;
  }
  const auto result = piped(all_samples(), observe("-"));
  EXPECT_EQ(result.errors, "observed 10 samples\n");
  EXPECT_EQ(tensors(), expected);
  for (const std::string shard : {"0/2", "1/2"}) {
    const Json half = of_files({"--shard", shard});
    succeed(observe(path("all.tar"), {"--shard", shard}));
    EXPECT_EQ(tensors(), half);
  }
}

TEST_F(StreamedData, APipeIsQuantizedAsFilesAre) {
  succeed({"quantize", path("model.onnx"), "--data", path("samples"), "-o", path("files.onnx")});
  const auto result = piped(
      all_samples(), {"quantize", path("model.onnx"), "--data", "-", "-o", path("piped.onnx")});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(content("piped.onnx"), content("files.onnx"));
}

TEST_F(StreamedData, WhatAPipeCannotDoIsRefusedBeforeItIsRead) {
  // The program ends although nothing comes and nobody closes the pipe before.
  const auto expect = [&](const Words& arguments, const std::string& text) {
    const auto result = piped("sleep 0.2", arguments);
    EXPECT_NE(result.exit_code, 0);
    EXPECT_THAT(result.errors, testing::HasSubstr(text));
    EXPECT_FALSE(std::filesystem::exists(path("all.rfs")));
  };
  expect(observe("-", {"--shard", "0/2"}), "a stream cannot be sharded");
  expect(observe("-", {"--data", path("samples")}), "a pipe must be the only one");
  expect({"quantize", path("model.onnx"), "--data", "-", "--method", "mean-percentile", "-o",
          path("q.onnx")},
         "must see the data more than once");
  expect(observe("-"), "there are no samples");
}

TEST_F(StreamedData, TroubleNamesThePlace) {
  write("list.txt", "samples/0.npy\n\nsamples/gone.npy\n");
  expect_failure(observe("@" + path("list.txt")), 1, {path("list.txt") + ": line 3: ", "gone.npy"});
  write("bad.tar", data::TarArchive().add("a.npy", "damaged").add("b.npy", sample(0)).bytes());
  expect_failure(observe(path("bad.tar")), 1, {path("bad.tar") + "[a.npy]: not a .npy file"});
  write("cut.tar", data::TarArchive().add("a.npy", sample(0)).open_bytes());
  expect_failure(observe(path("cut.tar")), 1, {path("cut.tar") + ": the archive is cut short"});
  const auto result = piped("printf damaged", observe("-"));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, testing::HasSubstr("standard input[0]: not a .npy file"));
}

TEST_F(StreamedData, NoResultReplacesWhatIsRead) {
  write("list.txt", "samples/0.npy\n");
  const std::string list = "@" + path("list.txt");
  expect_failure({"observe", path("model.onnx"), "--data", list, "-o", path("list.txt")}, 1,
                 {"is read by this run"});
  write("a.tar", data::TarArchive().add("a.npy", sample(0)).bytes());
  expect_failure({"observe", path("model.onnx"), "--data", path("a.tar"), "-o", path("a.tar")}, 1,
                 {"is read by this run"});
}

TEST_F(StreamedData, ASignalEndsTheWaitForAPipe) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  const auto result = support::run_program(
      "/bin/sh", {"-c", "'" RANGEFINDER_PROGRAM "' observe '" + path("model.onnx") + "' --data '" +
                            path("pipe") + "' -o '" + path("all.rfs") +
                            "' & sleep 0.7; kill -TERM $!; wait $!"});
  EXPECT_EQ(result.exit_code, 128 + SIGTERM);
  EXPECT_FALSE(std::filesystem::exists(path("all.rfs")));
}

}  // namespace
}  // namespace rangefinder::cli
