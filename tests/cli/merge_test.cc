// `rangefinder merge` as a user runs it.

#include "cli/fixture.h"

namespace rangefinder::cli {
namespace {

class Merge : public ProgramTest {
 protected:
  Merge() {
    write_model();
    data_ = write_samples(6);
  }

  std::string observe(const std::string& name, const Words& more = {}) const {
    succeed(joined({"observe", path("model.onnx"), "--data", data_, "-o", path(name)}, more));
    return path(name);
  }

  std::string data_;
};

TEST_F(Merge, ShardsInAnyOrderGiveTheBytesOfTheWhole) {
  const std::string whole = read_file(observe("whole.rfs"));
  const Words shards = {observe("0.rfs", {"--shard", "0/2"}), observe("1.rfs", {"--shard", "1/2"})};
  EXPECT_NE(read_file(shards[0]), whole);
  for (const Words& order : {Words{shards[0], shards[1]}, {shards[1], shards[0]}}) {
    const auto result = run(joined(joined({"merge"}, order), {"-o", path("all.rfs")}));
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(result.output, "");
    EXPECT_EQ(result.errors, "merged 2 files, 5 samples\n");
    EXPECT_EQ(content("all.rfs"), whole);
  }
}

TEST_F(Merge, AFolderIsAllItsFilesAndGapsAreTold) {
  const std::string whole = read_file(observe("whole.rfs"));
  std::filesystem::create_directory(path("shards"));
  for (const char* index : {"0", "2"}) {
    observe(std::string("shards/") + index + ".rfs", {"--shard", std::string(index) + "/3"});
  }
  const Words merge = {"merge", path("shards"), "-o", path("all.rfs")};
  const auto result = run(merge);
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.errors, testing::HasSubstr("2 of 5 samples of the data "));
  EXPECT_THAT(result.errors, testing::HasSubstr("shards 1 of 3\nmerged 2 files, 3 samples\n"));
  std::filesystem::remove(path("all.rfs"));
  expect_failure(joined(merge, {"--complete"}), 1, {"are missing: shards 1 of 3"});
  observe("shards/1.rfs", {"--shard", "1/3"});
  EXPECT_EQ(run(joined(merge, {"--complete"})).exit_code, 0);
  EXPECT_EQ(content("all.rfs"), whole);
}

TEST_F(Merge, ADuplicateIsNamedWithItsPartner) {
  const std::string first = observe("0.rfs", {"--shard", "0/2"});
  const std::string second = observe("1.rfs", {"--shard", "1/2"});
  const std::string again = observe("again.rfs", {"--shard", "1/2"});
  expect_failure({"merge", first, second, again, "-o", path("sum.rfs")}, 1,
                 {again + ": holds samples that were already counted, in '" + second + "'"});
}

TEST_F(Merge, EmptyShardsAndSingleFilesAreFilesToo) {
  const std::string whole = observe("whole.rfs");
  const std::string empty = observe("empty.rfs", {"--shard", "8/9"});
  succeed({"merge", whole, "-o", path("one.rfs")});
  EXPECT_EQ(content("one.rfs"), read_file(whole));
  succeed({"merge", empty, whole, "-o", path("two.rfs")});
  EXPECT_EQ(content("two.rfs"), read_file(whole));
}

TEST_F(Merge, TheSumReplacesNoFileItIsMadeOf) {
  const std::string first = observe("0.rfs", {"--shard", "0/2"});
  const std::string second = observe("1.rfs", {"--shard", "1/2"});
  std::filesystem::create_symlink("1.rfs", path("link.rfs"));
  for (const std::string& output : {first, second, path("link.rfs")}) {
    expect_failure({"merge", first, second, "-o", output}, 1, {output + ": ", "read by this run"});
  }
}

TEST_F(Merge, FilesThatDoNotBelongTogetherAreNamed) {
  const std::string all = observe("all.rfs");
  const auto refused = [&](const std::string& other, const Words& parts) {
    expect_failure({"merge", all, other, "-o", path("sum.rfs")}, 1, joined({other + ": "}, parts));
  };
  refused(observe("part.rfs", {"--shard", "0/2"}), {"already counted"});
  refused(path("none.rfs"), {"No such file"});
  refused(write("text.rfs", "these are no statistics"), {"not"});
  refused(write("cut.rfs", read_file(all).substr(0, 100)), {"truncated"});
  write_model("model.onnx", 0.25f);
  refused(observe("other.rfs"), {"another model"});
  expect_failure({"merge", all, "-o", path("none/sum.rfs")}, 1, {path("none/sum.rfs") + ": "});
}

TEST_F(Merge, WrongUsageIsExitCode2) {
  expect_failure({"merge", "-o", path("sum.rfs")}, 2, {"FILE"});
  expect_failure({"merge", path("a.rfs"), path("b.rfs")}, 2, {"--output"});
  expect_failure({"merge", path("a.rfs"), "--by", "day", "-o", path("sum.rfs")}, 2, {"--by"});
}

}  // namespace
}  // namespace rangefinder::cli
