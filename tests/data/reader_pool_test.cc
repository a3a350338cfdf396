#include "data/reader_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "data/archive_bytes.h"
#include "data/gzip_file.h"
#include "data/temporary_folder.h"

namespace rangefinder::data {
namespace {

ReaderPool pool_of(std::vector<std::filesystem::path> files) {
  return ReaderPool([files = std::move(files)](size_t file) { return open_archive(files[file]); });
}

std::string read(ReaderPool& pool, size_t file, uint64_t offset) {
  return pool.with<ArchiveBytes>(file, offset, [&](ArchiveBytes& bytes) {
    std::string text(2, '?');
    bytes.read(offset, std::as_writable_bytes(std::span(text)));
    return text;
  });
}

TEST(ReaderPool, APackedArchiveGoesOnWhereItWas) {
  TemporaryFolder folder;
  write_file(folder / "a.tgz", gzip("0123456789"));
  ReaderPool pool = pool_of({folder / "a.tgz"});
  EXPECT_EQ(read(pool, 0, 2), "23");
  const auto position = [&](uint64_t offset) {
    return pool.with<ArchiveBytes>(0, offset, [](ArchiveBytes& bytes) { return bytes.position(); });
  };
  EXPECT_EQ(position(4), 4u);
  EXPECT_EQ(position(3), 0u) << "another one that begins anew";
  EXPECT_EQ(position(9), 4u) << "the one that is farthest";
}

TEST(ReaderPool, ServesManyArchivesAndThreads) {
  TemporaryFolder folder;
  std::vector<std::filesystem::path> files;
  for (int i = 0; i < 100; ++i) {
    files.push_back(folder / (std::to_string(i) + ".tar"));
    write_file(files.back(), std::to_string(100 + i));
  }
  ReaderPool pool = pool_of(files);
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (size_t i = 0; i < files.size(); ++i) {
        if (read(pool, i, 1) != std::to_string(100 + i).substr(1)) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(ReaderPool, WhatFailsIsClosed) {
  TemporaryFolder folder;
  write_file(folder / "a.tar", "0123");
  ReaderPool pool = pool_of({folder / "a.tar"});
  EXPECT_THROW(pool.with<ArchiveBytes>(0, 0, [](ArchiveBytes&) -> int { throw Error("no"); }),
               Error);
  EXPECT_EQ(read(pool, 0, 0), "01");
  ReaderPool none = pool_of({folder / "none.tar"});
  EXPECT_THROW(read(none, 0, 0), Error);
}

}  // namespace
}  // namespace rangefinder::data
