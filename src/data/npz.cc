#include "data/npz.h"

#include <fmt/format.h>
#include <zip.h>

#include <memory>
#include <span>
#include <stdexcept>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "data/npy.h"
#include "data/zip_entries.h"

namespace rangefinder::data {
namespace {

/// An empty archive that is written to memory, and the memory.
class MemoryArchive {
 public:
  MemoryArchive() {
    source_.reset(zip_source_buffer_create(nullptr, 0, 0, nullptr));
    if (source_) archive_.reset(zip_open_from_source(source_.get(), ZIP_TRUNCATE, nullptr));
    if (!archive_) throw std::runtime_error("cannot make a zip archive");
    zip_source_keep(source_.get());  // The archive frees its own hold; the bytes are read later.
  }

  /// `bytes` must live until finish().
  void add(const std::string& name, const std::string& bytes) {
    ZipSource entry(zip_source_buffer(archive_.get(), bytes.data(), bytes.size(), 0));
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

  ZipSource source_;
  ZipArchive archive_;
};

}  // namespace

tensor::NamedTensors parse_npz(std::string_view bytes, const std::string& file,
                               const HeaderCheck& check) {
  const ZipArchive archive = open_zip(bytes, file);
  const std::vector<ZipEntry> entries = zip_entries(archive.get(), bytes.size(), file);
  const NamedHeaders headers = array_headers(archive.get(), entries, file);
  if (check) check(headers);
  tensor::NamedTensors tensors;
  for (const ZipEntry& entry : entries) {
    ZipEntryStream stream(archive.get(), entry, file);
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
    archive.add(name + std::string(kArraySuffix), arrays.back());
  }
  return archive.finish();
}

void write_npz(const std::filesystem::path& path, const tensor::NamedTensors& tensors) {
  write_file(path, npz_bytes(tensors));
}

}  // namespace rangefinder::data
