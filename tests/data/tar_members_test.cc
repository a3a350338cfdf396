#include "data/tar_members.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "data/tar_archive.h"

namespace rangefinder::data {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

std::vector<TarSample> samples(const TarArchive& archive) {
  const std::string bytes = archive.bytes();
  ArchiveInMemory memory(bytes);
  return tar_samples(memory, "a.tar");
}

std::vector<std::string> parts(const TarSample& sample) {
  std::vector<std::string> names;
  for (const TarPart& part : sample.parts) names.push_back(part.name);
  return names;
}

void expect_error(const TarArchive& archive, const std::string& text) {
  EXPECT_THAT([&] { samples(archive); }, ThrowsMessage<Error>(HasSubstr(text)));
}

TEST(MemberName, TheFirstDotPartsIt) {
  EXPECT_EQ(member_name("a/b.c/000.mask.npy")->sample, "a/b.c/000");
  EXPECT_EQ(member_name("a/b.c/000.mask.npy")->part, "mask.npy");
  EXPECT_EQ(member_name("./000.jpg")->sample, "000");
  for (const char* name :
       {"", "000", "000.", ".hidden.npy", "a/._b.npy", ".git/a.npy", "a/.b/c.npy"}) {
    EXPECT_EQ(member_name(name), std::nullopt) << name;
  }
}

TEST(TarMembers, MembersOfOneNameAreOneSample) {
  const auto found = samples(TarArchive()
                                 .add("b.jpg", "1")
                                 .add("b.cls", "2")
                                 .add("a.x.npy", "3")
                                 .add("a.mask.npy", "45")
                                 .add("b.mask.npy", "6")
                                 .add("README.txt", "7")
                                 .add("._a.npy", "8"));
  ASSERT_EQ(found.size(), 2u) << "in the order in which they begin";
  EXPECT_EQ(found[0].name, "b");
  EXPECT_THAT(parts(found[0]), ElementsAre("jpg", "mask.npy"));
  EXPECT_EQ(found[1].name, "a");
  EXPECT_THAT(parts(found[1]), ElementsAre("x.npy", "mask.npy"));
  EXPECT_EQ(found[1].parts[1].size, 2u);
  EXPECT_EQ(found[1].parts[1].input(), "mask");
  EXPECT_EQ(found[0].parts[0].input(), "");
}

TEST(TarMembers, WhatIsNoSampleIsRefused) {
  expect_error(TarArchive().add("a.txt", ""), "a.tar: holds no samples");
  expect_error(TarArchive(), "a.tar: holds no samples");
  expect_error(TarArchive().add("a.npy", "").add("a.npy", ""), "a.tar[a.npy]: is there twice");
  expect_error(TarArchive().add("a.npy", "", '2'), "a.tar[a.npy]: is a link");
  expect_error(TarArchive().add("a.jpg", "", '1'), "--hard-dereference");
  expect_error(TarArchive().add("a.jpg", "", '3'), "a.tar[a.jpg]: is no file");
  TarArchive many;
  for (int i = 0; i <= 1000; ++i) many.add("frame." + std::to_string(i) + ".jpg", "");
  expect_error(many, "a.tar[frame.1000.jpg]: is beyond the 1000 parts that a sample may have");
  EXPECT_EQ(samples(TarArchive().add("a.npy", "").add("a.txt", "", '2')).size(), 1u)
      << "a label may be what it likes";
  // Nothing is written under a member's name, so that it may be any.
  EXPECT_EQ(samples(TarArchive().add("../../etc/a.npy", "").add("/b.npy", "")).size(), 1u);
}

std::vector<std::string> chosen(const std::vector<std::string>& names,
                                const std::vector<std::string>& inputs) {
  TarSample sample{.name = "s", .parts = {}};
  for (const auto& name : names) sample.parts.push_back({.name = name});
  std::vector<TensorInfo> infos;
  for (const auto& input : inputs) infos.push_back({.name = input, .type = {}, .shape = {}});
  std::vector<std::string> result;
  for (const ChosenPart& part : choose_parts(sample, infos, "a.tar[s]")) {
    result.push_back(part.input + "<" + part.part->name);
  }
  return result;
}

TEST(ChooseParts, InputsTakeWhatNamesThem) {
  EXPECT_THAT(chosen({"x.npy", "mask.npy", "other.npy", "jpg"}, {"x", "mask"}),
              ElementsAre("x<x.npy", "mask<mask.npy"));
  EXPECT_THAT(chosen({"jpg", "x.png"}, {"x"}), ElementsAre("x<x.png"));
  EXPECT_THAT(chosen({"x.0.npy"}, {"x.0"}), ElementsAre("x.0<x.0.npy"));
}

TEST(ChooseParts, TheOnlyInputTakesWhatHasNoNameOrIsAlone) {
  EXPECT_THAT(chosen({"jpg", "mask.png"}, {"x"}), ElementsAre("<jpg"));
  EXPECT_THAT(chosen({"image.jpg"}, {"x"}), ElementsAre("<image.jpg"));
  EXPECT_THAT(chosen({"npy", "npz"}, {"x"}), ElementsAre("<npy"));
  EXPECT_THAT(chosen({"npz"}, {"x", "y"}), ElementsAre("<npz"));
}

TEST(ChooseParts, WithoutInputsAllAreTaken) {
  EXPECT_THAT(chosen({"x.npy", "jpg"}, {}), ElementsAre("x<x.npy", "<jpg"));
}

TEST(ChooseParts, WhatIsNotClearIsRefused) {
  const auto expect = [](const std::vector<std::string>& names,
                         const std::vector<std::string>& inputs, const std::string& text) {
    EXPECT_THAT([&] { chosen(names, inputs); },
                ThrowsMessage<Error>(AllOf(HasSubstr("a.tar[s]: "), HasSubstr(text))));
  };
  expect({"jpg", "npy"}, {"x"},
         "'jpg', 'npy' are there for the input 'x'; a name that ends with '.x.npy'");
  expect({"a.jpg", "b.jpg"}, {"x"}, "'a.jpg', 'b.jpg' are there for the input 'x'");
  expect({"x.npy", "x.png"}, {"x"}, "'x.npy' and 'x.png' are both for the input 'x'");
  expect({"a.npy", "jpg"}, {"x", "y"}, "none of which names an input of the model ('x', 'y')");
  expect({"npz", "all.npz"}, {"x", "y"}, "one .npz holds all inputs");
  expect({"jpg", "png"}, {}, "both for an input without a name");
}

}  // namespace
}  // namespace rangefinder::data
