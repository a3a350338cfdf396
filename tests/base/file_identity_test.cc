#include "base/file_identity.h"

#include "base/error.h"
#include "base/file.h"
#include "base/folder_fixture.h"

namespace rangefinder {
namespace {

namespace fs = std::filesystem;

class Identity : public FolderTest {
 protected:
  void expect_same(const fs::path& a, const fs::path& b, bool same = true) const {
    EXPECT_EQ(identity_of(a) == identity_of(b), same) << a << " " << b;
  }
};

TEST_F(Identity, IsThatOfTheFileWhateverThePath) {
  write_file(file("x"), "a");
  fs::create_directory(file("sub"));
  fs::create_symlink("x", file("link"));
  fs::create_symlink("link", file("chain"));
  fs::create_hard_link(file("x"), file("hard"));
  fs::create_directory_symlink(folder_, file("folder"));
  for (const char* other :
       {"link", "chain", "hard", "folder/x", "sub/../x", "./x", "folder/hard"}) {
    expect_same(file("x"), file(other));
  }
  write_file(file("y"), "a");
  expect_same(file("x"), file("y"), false);
}

TEST_F(Identity, IsThatOfThePlaceForAFileThatIsNotThere) {
  fs::create_directory(file("sub"));
  fs::create_directory_symlink(folder_, file("folder"));
  fs::create_symlink("../none", file("sub/link"));
  for (const char* other : {"folder/none", "sub/../none", "sub/link", "folder/sub/link"}) {
    expect_same(file("none"), file(other));
  }
  expect_same(file("none"), file("sub/none"), false);
  expect_same(file("none"), file("none2"), false);
  expect_same(file("a/b"), file("c/b"), false);
  expect_same("none", "./none");
}

TEST_F(Identity, LinksThatGoRoundAreAnError) {
  fs::create_symlink("b", file("a"));
  fs::create_symlink("a", file("b"));
  EXPECT_THROW(identity_of(file("a")), Error);
  EXPECT_THROW(follow_links(file("a")), Error);
}

TEST_F(Identity, LinksLeadWhereTheSystemSaysTheyDo) {
  fs::create_directories(file("a/b"));
  fs::create_directory_symlink("a/b", file("short"));
  fs::create_symlink("../up", file("short/link"));
  write_file(file("a/up"), "found");
  EXPECT_EQ(read_file(follow_links(file("short/link"))), "found");
}

}  // namespace
}  // namespace rangefinder
