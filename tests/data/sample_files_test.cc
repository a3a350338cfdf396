#include "data/sample_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "data/temporary_folder.h"

namespace rangefinder::data {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

class SampleFiles : public testing::Test {
 protected:
  std::filesystem::path add(const std::string& name, const std::string& bytes = "") const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    write_file(folder_ / name, bytes);
    return folder_ / name;
  }

  std::filesystem::path list(const std::string& text) const {
    return "@" + add("list.txt", text).string();
  }

  static std::vector<std::string> names(const std::vector<std::filesystem::path>& paths) {
    std::vector<std::string> found;
    for (const SampleFile& file : find_sample_files(paths)) found.push_back(file.name);
    return found;
  }

  TemporaryFolder folder_;
};

TEST_F(SampleFiles, KindsByExtension) {
  EXPECT_EQ(file_kind("a/b.NPY"), FileKind::kNpy);
  EXPECT_EQ(file_kind("b.npz"), FileKind::kNpz);
  EXPECT_EQ(file_kind("b.v2.JPEG"), FileKind::kPicture);
  for (const char* name : {"b.tar", "b.tar.gz", "b.TGZ"})
    EXPECT_EQ(file_kind(name), FileKind::kTar);
  for (const char* name : {"", "b", "b.gz", "b.txt", "npy", "b.tar/c", "b.npy.gz"}) {
    EXPECT_EQ(file_kind(name), FileKind::kUnknown) << name;
  }
}

TEST_F(SampleFiles, AListNamesFilesAndFoldersInItsOrder) {
  add("z.npy");
  add("sub/2.npy");
  add("sub/10.npy");
  add("a.npy");
  EXPECT_THAT(names({list("z.npy\nsub\n# a.npy\n./a.npy\n")}),
              ElementsAre("z.npy", "sub/2.npy", "sub/10.npy", "a.npy"));
  EXPECT_THAT(names({folder_ / "a.npy", list("z.npy\n")}), ElementsAre("a.npy", "z.npy"));
}

TEST_F(SampleFiles, TroubleInAListNamesTheLine) {
  add("a.npy");
  add("notes.txt");
  const auto expect = [&](const std::string& text, const std::string& line,
                          const std::string& why) {
    EXPECT_THAT(
        [&] { names({list(text)}); },
        ThrowsMessage<Error>(AllOf(
            HasSubstr((folder_ / "list.txt").string() + ": line " + line + ": "), HasSubstr(why))));
  };
  expect("a.npy\n\ngone.npy\n", "3", "gone.npy: cannot read: No such file");
  expect("notes.txt\n", "1", "unknown kind of sample '.txt'");
  expect("a.npy\n" + std::string(5000, 'n') + ".npy\n", "2", "cannot read");
}

TEST_F(SampleFiles, ArchivesInAFolderCountWhereThereIsNothingElse) {
  add("shards/10.tar");
  add("shards/2.tar.gz");
  add("shards/readme.txt");
  EXPECT_THAT(names({folder_ / "shards"}), ElementsAre("2.tar.gz", "10.tar"));
  add("shards/a.npy");
  EXPECT_THAT(names({folder_ / "shards"}), ElementsAre("a.npy"));
}

TEST_F(SampleFiles, KindsAreNotMixed) {
  const auto files = find_sample_files({add("a.npy"), add("b.tar")});
  EXPECT_THAT([&] { common_kind(files); },
              ThrowsMessage<Error>(HasSubstr("b.tar: archives cannot be mixed with .npy")));
}

TEST_F(SampleFiles, SizesAreThoseOfFiles) {
  EXPECT_EQ(file_bytes(add("a.npy", "123")), 3u);
  EXPECT_THAT([&] { file_bytes(folder_ / "gone"); },
              ThrowsMessage<Error>(HasSubstr("gone: cannot read: No such file")));
}

TEST_F(SampleFiles, EveryFileThatIsReadIsTold) {
  const auto a = add("a.npy");
  const auto b = add("sub/b.npy");
  const auto given = list("a.npy\n");
  EXPECT_THAT(files_read({given, folder_ / "sub"}), ElementsAre(folder_ / "list.txt", a, b));
  EXPECT_THAT(files_read({"-"}), ElementsAre());
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(files_read({folder_ / "pipe"}), ElementsAre(folder_ / "pipe"));
  EXPECT_THROW(files_read({folder_ / "gone"}), Error);
}

}  // namespace
}  // namespace rangefinder::data
