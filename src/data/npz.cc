#include "data/npz.h"

#include <fmt/format.h>
#include <zip.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "data/npy.h"

namespace rangefinder::data {
namespace {

constexpr std::string_view kSuffix = ".npy";

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
  if (!archive) throw Error("not a .npz archive: " + error.text(), {.file = file});
  source.release();  // The archive owns it now.
  return archive;
}

/// Unpacks one entry in blocks; reading to its end makes libzip compare the checksum.
std::string unpack(zip_t* archive, zip_uint64_t index, const Error::Place& place) {
  const std::unique_ptr<zip_file_t, Close> entry(zip_fopen_index(archive, index, 0));
  if (!entry) {
    throw Error(std::string("cannot unpack: ") + zip_error_strerror(zip_get_error(archive)), place);
  }
  constexpr size_t kBlock = size_t{1} << 18;
  std::string bytes;
  while (true) {
    const size_t old_size = bytes.size();
    bytes.resize(old_size + kBlock);
    const zip_int64_t read = zip_fread(entry.get(), bytes.data() + old_size, kBlock);
    if (read < 0) {
      const char* why = zip_error_strerror(zip_file_get_error(entry.get()));
      throw Error(std::string("damaged array: ") + why, place);
    }
    bytes.resize(old_size + static_cast<size_t>(read));
    if (read == 0) return bytes;
  }
}

/// The array's name: the entry's without ".npy".
std::string key_of(zip_t* archive, zip_uint64_t index, const std::string& file) {
  const char* name = zip_get_name(archive, index, ZIP_FL_ENC_GUESS);
  const std::string_view text = name ? name : "";
  if (!text.ends_with(kSuffix)) {
    throw Error(fmt::format("entry '{}' of the archive is no .npy array", text), {.file = file});
  }
  return std::string(text.substr(0, text.size() - kSuffix.size()));
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
    entry.release();
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

tensor::NamedTensors parse_npz(std::string_view bytes, const std::string& file) {
  const Archive archive = open_archive(bytes, file);
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  if (count <= 0) throw Error("the .npz archive holds no arrays", {.file = file});
  tensor::NamedTensors tensors;
  for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(count); ++i) {
    const std::string key = key_of(archive.get(), i, file);
    const std::string array = unpack(archive.get(), i, {.file = file, .tensor = key});
    const bool added = tensors.emplace(key, parse_npy(array, file + "[" + key + "]")).second;
    if (!added) throw Error("two arrays of the same name", {.file = file, .tensor = key});
  }
  return tensors;
}

tensor::NamedTensors read_npz(const std::filesystem::path& path) {
  return parse_npz(read_file(path), path.string());
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
