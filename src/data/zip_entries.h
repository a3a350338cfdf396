#pragma once

#include <zip.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/byte_stream.h"
#include "data/tensor_header.h"
#include "rangefinder/error.h"

namespace rangefinder::data {

struct ZipDiscard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using ZipArchive = std::unique_ptr<zip_t, ZipDiscard>;

struct ZipRelease {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
using ZipSource = std::unique_ptr<zip_source_t, ZipRelease>;

/// What the names of an .npz's entries end with.
inline constexpr std::string_view kArraySuffix = ".npy";

/// The archive in `bytes`, which must outlive it. Throws Error naming `file`.
ZipArchive open_zip(std::string_view bytes, const std::string& file);
/// The archive in a regular file, of which no more is read than is asked for. Throws Error.
ZipArchive open_zip_file(const std::filesystem::path& path);

/// What an .npz's directory says of an array.
struct ZipEntry {
  zip_uint64_t index = 0;
  /// The entry's name without ".npy".
  std::string key = {};
  uint64_t size = 0;
};

/// The arrays of an .npz of so many bytes. Throws Error naming `file` and the array: no entries, an
/// entry that is no .npy, encrypted, compressed otherwise than by deflating, more than so few bytes
/// can hold.
std::vector<ZipEntry> zip_entries(zip_t* archive, uint64_t archive_size, const std::string& file);

/// One entry, unpacked as it is read; reading to its end makes libzip compare the checksum.
class ZipEntryStream : public ByteStream {
 public:
  /// The archive must outlive this. Throws Error: it cannot be unpacked.
  ZipEntryStream(zip_t* archive, const ZipEntry& entry, const std::string& file);

  uint64_t size() const override { return size_; }
  size_t read(std::span<std::byte> to) override;

 private:
  struct Close {
    void operator()(zip_file_t* entry) const { zip_fclose(entry); }
  };

  Error::Place place_;
  uint64_t size_;
  std::unique_ptr<zip_file_t, Close> entry_;
};

/// What errors call an array: "a.npz[x]".
std::string label(const ZipEntry& entry, const std::string& file);

/// The headers of all arrays; each entry is unpacked only as far as that needs. Throws Error: two
/// arrays of the same name; as NpyReader does.
NamedHeaders array_headers(zip_t* archive, const std::vector<ZipEntry>& entries,
                           const std::string& file);

}  // namespace rangefinder::data
