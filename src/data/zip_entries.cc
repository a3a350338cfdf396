#include "data/zip_entries.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/content_advice.h"
#include "base/file.h"
#include "data/npy.h"

namespace rangefinder::data {
namespace {

/// No deflated byte makes more bytes than this (RFC 1951: 258 for two bits).
constexpr uint64_t kMaxInflation = 1032;

/// An error record of libzip that frees itself.
class ZipError {
 public:
  ZipError() { zip_error_init(&error_); }
  ~ZipError() { zip_error_fini(&error_); }
  ZipError(const ZipError&) = delete;
  ZipError& operator=(const ZipError&) = delete;
  zip_error_t* get() { return &error_; }
  std::string text() { return zip_error_strerror(&error_); }

 private:
  zip_error_t error_;
};

/// The array's name: the entry's without ".npy".
std::string key_of(zip_t* archive, zip_uint64_t index, const std::string& file) {
  const char* name = zip_get_name(archive, index, ZIP_FL_ENC_GUESS);
  const std::string_view text = name ? name : "";
  if (!text.ends_with(kArraySuffix)) {
    throw Error(fmt::format("entry '{}' of the archive is no .npy array", text), {.file = file});
  }
  return std::string(text.substr(0, text.size() - kArraySuffix.size()));
}

ZipEntry entry_of(zip_t* archive, zip_uint64_t index, const std::string& file) {
  ZipEntry entry{.index = index, .key = key_of(archive, index, file)};
  const Error::Place place{.file = file, .tensor = entry.key};
  constexpr zip_uint64_t kNeeded = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
  zip_stat_t status;
  zip_stat_init(&status);
  if (zip_stat_index(archive, index, 0, &status) != 0 || (status.valid & kNeeded) != kNeeded) {
    throw Error("damaged array: the archive does not tell its size", place);
  }
  if (status.comp_method != ZIP_CM_STORE && status.comp_method != ZIP_CM_DEFLATE) {
    throw Error(fmt::format("compressed by method {}; stored and deflated arrays are allowed",
                            status.comp_method),
                place);
  }
  const uint64_t inflation = status.comp_method == ZIP_CM_STORE ? 1 : kMaxInflation;
  if (status.size / inflation > status.comp_size) {
    throw Error(fmt::format("damaged array: {} bytes cannot be packed into {}", status.size,
                            status.comp_size),
                place);
  }
  entry.size = status.size;
  return entry;
}

[[noreturn]] void refuse(const std::string& why, std::string_view head, const std::string& file) {
  const std::string advice = content_advice(head);
  throw Error("not a .npz archive" + (advice.empty() ? ": " + why : " but " + advice),
              {.file = file});
}

}  // namespace

ZipArchive open_zip(std::string_view bytes, const std::string& file) {
  ZipError error;
  ZipSource source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, error.get()));
  ZipArchive archive;
  if (source) archive.reset(zip_open_from_source(source.get(), ZIP_RDONLY, error.get()));
  if (!archive) refuse(error.text(), bytes.substr(0, kAdviceSize), file);
  static_cast<void>(source.release());  // The archive owns it now.
  return archive;
}

ZipArchive open_zip_file(const std::filesystem::path& path) {
  const Descriptor file = open_regular_file(path);
  // libzip closes the number that it is given.
  const int own = ::fcntl(file.value(), F_DUPFD_CLOEXEC, 0);
  int code = ZIP_ER_OPEN;
  ZipArchive archive(own >= 0 ? zip_fdopen(own, 0, &code) : nullptr);
  if (!archive) {
    if (own >= 0) ::close(own);
    ZipError error;
    zip_error_init_with_code(error.get(), code);
    refuse(error.text(), head_of(path, kAdviceSize), path.string());
  }
  return archive;
}

std::vector<ZipEntry> zip_entries(zip_t* archive, uint64_t archive_size, const std::string& file) {
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  if (count <= 0) throw Error("the .npz archive holds no arrays", {.file = file});
  std::vector<ZipEntry> entries;
  uint64_t room = archive_size * kMaxInflation;
  for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(count); ++i) {
    entries.push_back(entry_of(archive, i, file));
    if (entries.back().size > room) {
      throw Error("the .npz archive announces more than it can hold: its entries overlap",
                  {.file = file});
    }
    room -= entries.back().size;
  }
  return entries;
}

ZipEntryStream::ZipEntryStream(zip_t* archive, const ZipEntry& entry, const std::string& file)
    : place_{.file = file, .tensor = entry.key},
      size_(entry.size),
      entry_(zip_fopen_index(archive, entry.index, 0)) {
  if (entry_) return;
  throw Error(std::string("cannot unpack: ") + zip_error_strerror(zip_get_error(archive)), place_);
}

size_t ZipEntryStream::read(std::span<std::byte> to) {
  size_t count = 0;
  while (count < to.size()) {
    const zip_int64_t got = zip_fread(entry_.get(), to.data() + count, to.size() - count);
    if (got < 0) {
      const char* why = zip_error_strerror(zip_file_get_error(entry_.get()));
      throw Error(std::string("damaged array: ") + why, place_);
    }
    if (got == 0) break;
    count += static_cast<size_t>(got);
  }
  return count;
}

std::string label(const ZipEntry& entry, const std::string& file) {
  return file + "[" + entry.key + "]";
}

NamedHeaders array_headers(zip_t* archive, const std::vector<ZipEntry>& entries,
                           const std::string& file) {
  NamedHeaders headers;
  for (const ZipEntry& entry : entries) {
    ZipEntryStream stream(archive, entry, file);
    const bool added =
        headers.emplace(entry.key, NpyReader(stream, label(entry, file)).header()).second;
    if (!added) throw Error("two arrays of the same name", {.file = file, .tensor = entry.key});
  }
  return headers;
}

}  // namespace rangefinder::data
