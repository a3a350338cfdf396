#include "data/gzip_archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <new>

#include "base/cancellation.h"
#include "base/error.h"

namespace rangefinder::data {
namespace {

/// zlib's word for gzip with the largest window.
constexpr int kGzip = 16 + MAX_WBITS;
constexpr size_t kPackedBlock = size_t{64} << 10;
constexpr size_t kSkippedBlock = size_t{64} << 10;

}  // namespace

GzipArchive::GzipArchive(const std::filesystem::path& path)
    : path_(path), file_(path), packed_(kPackedBlock) {
  if (inflateInit2(&stream_, kGzip) != Z_OK) throw std::bad_alloc();
}

GzipArchive::~GzipArchive() { inflateEnd(&stream_); }

size_t GzipArchive::read(uint64_t offset, std::span<std::byte> to) {
  if (offset < position_) restart();
  return advance(offset) ? unpack(to) : 0;
}

bool GzipArchive::reaches(uint64_t size) { return size <= position_ || advance(size); }

bool GzipArchive::advance(uint64_t position) {
  if (position_ == position) return true;
  std::vector<std::byte> skipped(kSkippedBlock);
  while (position_ < position) {
    stop_if_cancelled();
    const size_t wanted = std::min<uint64_t>(skipped.size(), position - position_);
    if (unpack({skipped.data(), wanted}) < wanted) return false;
  }
  return true;
}

void GzipArchive::restart() {
  file_ = FileStream(path_);
  inflateReset(&stream_);
  stream_.avail_in = 0;
  is_within_part_ = true;
  has_ended_ = false;
  position_ = 0;
}

bool GzipArchive::refill() {
  if (stream_.avail_in > 0) return true;
  stream_.avail_in = static_cast<uInt>(file_.read(packed_));
  stream_.next_in = reinterpret_cast<Bytef*>(packed_.data());
  return stream_.avail_in > 0;
}

size_t GzipArchive::unpack(std::span<std::byte> to) {
  size_t count = 0;
  while (count < to.size() && !has_ended_) {
    if (!refill()) {
      if (is_within_part_) fail("the file is cut short");
      has_ended_ = true;
      break;
    }
    constexpr size_t kMost = size_t{1} << 30;
    const size_t wanted = std::min(kMost, to.size() - count);
    stream_.next_out = reinterpret_cast<Bytef*>(to.data() + count);
    stream_.avail_out = static_cast<uInt>(wanted);
    const int result = inflate(&stream_, Z_NO_FLUSH);
    const size_t got = wanted - stream_.avail_out;
    count += got;
    position_ += got;
    is_within_part_ = result != Z_STREAM_END;
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result == Z_STREAM_END) {
      inflateReset(&stream_);
    } else if (result != Z_OK) {
      fail(stream_.msg != nullptr ? stream_.msg : "damaged");
    }
  }
  return count;
}

void GzipArchive::fail(const char* why) const {
  throw Error(fmt::format("cannot unpack: {}", why), {.file = path_.string()});
}

}  // namespace rangefinder::data
