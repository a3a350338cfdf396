#include "data/npz.h"

#include <fmt/format.h>
#include <zip.h>

#include <memory>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/content_advice.h"
#include "base/error.h"
#include "base/file.h"
#include "data/byte_stream.h"
#include "data/npy.h"

namespace rangefinder::data {
namespace {

constexpr std::string_view kSuffix = ".npy";
/// No deflated byte makes more bytes than this (RFC 1951: 258 for two bits).
constexpr uint64_t kMaxInflation = 1032;

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using Archive = std::unique_ptr<zip_t, Discard>;

struct Close {
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};

struct Release {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
using Source = std::unique_ptr<zip_source_t, Release>;

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

Archive open_archive(std::string_view bytes, const std::string& file) {
  ZipError error;
  Source source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, error.get()));
  Archive archive;
  if (source) archive.reset(zip_open_from_source(source.get(), ZIP_RDONLY, error.get()));
  if (!archive) {
    const std::string advice = content_advice(bytes.substr(0, 100));
    throw Error("not a .npz archive" + (advice.empty() ? ": " + error.text() : " but " + advice),
                {.file = file});
  }
  static_cast<void>(source.release());  // The archive owns it now.
  return archive;
}

/// What the archive's directory says of an entry.
struct Entry {
  zip_uint64_t index = 0;
  std::string key = {};
  uint64_t size = 0;
};

/// One entry, unpacked as it is read; reading to its end makes libzip compare the checksum.
class EntryStream : public ByteStream {
 public:
  EntryStream(zip_t* archive, const Entry& entry, const std::string& file)
      : place_{.file = file, .tensor = entry.key},
        size_(entry.size),
        entry_(zip_fopen_index(archive, entry.index, 0)) {
    if (entry_) return;
    throw Error(std::string("cannot unpack: ") + zip_error_strerror(zip_get_error(archive)),
                place_);
  }

  uint64_t size() const override { return size_; }

  size_t read(std::span<std::byte> to) override {
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

 private:
  Error::Place place_;
  uint64_t size_;
  std::unique_ptr<zip_file_t, Close> entry_;
};

/// The array's name: the entry's without ".npy".
std::string key_of(zip_t* archive, zip_uint64_t index, const std::string& file) {
  const char* name = zip_get_name(archive, index, ZIP_FL_ENC_GUESS);
  const std::string_view text = name ? name : "";
  if (!text.ends_with(kSuffix)) {
    throw Error(fmt::format("entry '{}' of the archive is no .npy array", text), {.file = file});
  }
  return std::string(text.substr(0, text.size() - kSuffix.size()));
}

Entry entry_of(zip_t* archive, zip_uint64_t index, const std::string& file) {
  Entry entry{.index = index, .key = key_of(archive, index, file)};
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

std::vector<Entry> entries_of(zip_t* archive, size_t archive_size, const std::string& file) {
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  if (count <= 0) throw Error("the .npz archive holds no arrays", {.file = file});
  std::vector<Entry> entries;
  uint64_t room = uint64_t{archive_size} * kMaxInflation;
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

std::string label(const Entry& entry, const std::string& file) {
  return file + "[" + entry.key + "]";
}

/// The headers of all arrays; each entry is unpacked only as far as that needs.
NamedHeaders headers_of(zip_t* archive, const std::vector<Entry>& entries,
                        const std::string& file) {
  NamedHeaders headers;
  for (const Entry& entry : entries) {
    EntryStream stream(archive, entry, file);
    const bool added =
        headers.emplace(entry.key, NpyReader(stream, label(entry, file)).header()).second;
    if (!added) throw Error("two arrays of the same name", {.file = file, .tensor = entry.key});
  }
  return headers;
}

/// An empty archive that is written to memory, and the memory.
class MemoryArchive {
 public:
  MemoryArchive() {
    ZipError error;
    source_.reset(zip_source_buffer_create(nullptr, 0, 0, error.get()));
    if (source_) archive_.reset(zip_open_from_source(source_.get(), ZIP_TRUNCATE, error.get()));
    if (!archive_) throw std::runtime_error("cannot make a zip archive: " + error.text());
    zip_source_keep(source_.get());  // The archive frees its own hold; the bytes are read later.
  }

  /// `bytes` must live until finish().
  void add(const std::string& name, const std::string& bytes) {
    Source entry(zip_source_buffer(archive_.get(), bytes.data(), bytes.size(), 0));
    const zip_int64_t index =
        entry ? zip_file_add(archive_.get(), name.c_str(), entry.get(), ZIP_FL_ENC_UTF_8) : -1;
    if (index < 0) fail();
    static_cast<void>(entry.release());
    const auto at = static_cast<zip_uint64_t>(index);
    constexpr zip_uint16_t kFirstOfJanuary1980 = 1 << 5 | 1;
    if (zip_set_file_compression(archive_.get(), at, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(archive_.get(), at, 0, kFirstOfJanuary1980, 0) != 0) {
      fail();
    }
  }

  std::string finish() {
    if (zip_close(archive_.get()) != 0) fail();
    static_cast<void>(archive_.release());
    zip_stat_t status;
    zip_stat_init(&status);
    if (zip_source_stat(source_.get(), &status) != 0 || zip_source_open(source_.get()) != 0) fail();
    std::string bytes(status.size, '\0');
    const zip_int64_t read = zip_source_read(source_.get(), bytes.data(), bytes.size());
    zip_source_close(source_.get());
    if (read != static_cast<zip_int64_t>(bytes.size())) fail();
    return bytes;
  }

 private:
  [[noreturn]] void fail() const {
    const char* why = archive_ ? zip_strerror(archive_.get()) : "cannot read back";
    throw std::runtime_error(std::string("cannot write a zip archive: ") + why);
  }

  Source source_;
  Archive archive_;
};

}  // namespace

tensor::NamedTensors parse_npz(std::string_view bytes, const std::string& file,
                               const HeaderCheck& check) {
  const Archive archive = open_archive(bytes, file);
  const std::vector<Entry> entries = entries_of(archive.get(), bytes.size(), file);
  const NamedHeaders headers = headers_of(archive.get(), entries, file);
  if (check) check(headers);
  tensor::NamedTensors tensors;
  for (const Entry& entry : entries) {
    EntryStream stream(archive.get(), entry, file);
    tensors.emplace(entry.key, NpyReader(stream, label(entry, file)).read());
  }
  return tensors;
}

tensor::NamedTensors read_npz(const std::filesystem::path& path, const HeaderCheck& check) {
  return parse_npz(read_file(path), path.string(), check);
}

std::string npz_bytes(const tensor::NamedTensors& tensors) {
  if (tensors.empty()) throw std::invalid_argument("an .npz archive needs at least one array");
  std::vector<std::string> arrays;
  arrays.reserve(tensors.size());
  MemoryArchive archive;
  for (const auto& [name, tensor] : tensors) {
    arrays.push_back(npy_bytes(tensor.view()));
    archive.add(name + std::string(kSuffix), arrays.back());
  }
  return archive.finish();
}

void write_npz(const std::filesystem::path& path, const tensor::NamedTensors& tensors) {
  write_file(path, npz_bytes(tensors));
}

}  // namespace rangefinder::data
