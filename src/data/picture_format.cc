#include "data/picture_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "base/content_advice.h"

namespace rangefinder::data {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kAllowed = "JPEG, PNG, WebP, BMP, PGM and PPM are decoded";

/// A format that is told and refused.
struct Foreign {
  std::string_view name;
  std::string_view magic;
  size_t at = 0;
};
constexpr Foreign kForeign[] = {{"GIF", "GIF8"},
                                {"TIFF", "II*\0"sv},
                                {"TIFF", "MM\0*"sv},
                                {"BigTIFF", "II+\0"sv},
                                {"BigTIFF", "MM\0+"sv},
                                {"AVIF", "ftypavi", 4},
                                {"HEIC", "ftyphe", 4},
                                {"HEIF", "ftypm", 4},
                                {"JPEG 2000", "\0\0\0\x0CjP  "sv},
                                {"JPEG 2000", "\xFF\x4F\xFF\x51"},
                                {"JPEG XL", "\0\0\0\x0CJXL "sv},
                                {"JPEG XL", "\xFF\x0A"},
                                {"OpenEXR", "\x76\x2F\x31\x01"},
                                {"Radiance HDR", "#?RADIANCE"},
                                {"Radiance HDR", "#?RGBE"},
                                {"PBM", "P1"},
                                {"PBM", "P4"},
                                {"PAM", "P7"},
                                {"PFM", "PF"},
                                {"PFM", "Pf"},
                                {"Sun raster", "\x59\xA6\x6A\x95"},
                                {"Photoshop", "8BPS"},
                                {"DirectDraw", "DDS "},
                                {"QOI", "qoif"},
                                {"icon", "\0\0\1\0"sv},
                                {"DICOM", "DICM", 128},
                                {"SVG", "<svg"},
                                {"XML", "<?xml"},
                                {"PDF", "%PDF"},
                                {".npy", "\x93NUMPY"},
                                {"zip", "PK\x03\x04"},
                                {"MNG", "\x8AMNG"}};

bool has(std::string_view bytes, std::string_view magic, size_t at = 0) {
  return bytes.size() >= at && bytes.substr(at).starts_with(magic);
}

}  // namespace

PictureFormat picture_format(std::string_view bytes, const Error::Place& place) {
  if (bytes.empty()) throw Error("the picture is an empty file", place);
  if (has(bytes, "\xFF\xD8\xFF")) return PictureFormat::kJpeg;
  if (has(bytes, "\x89PNG")) return PictureFormat::kPng;
  if (has(bytes, "RIFF") && has(bytes, "WEBP", 8)) return PictureFormat::kWebp;
  if (has(bytes, "BM")) return PictureFormat::kBmp;
  for (const std::string_view magic : {"P2", "P3", "P5", "P6"}) {
    if (has(bytes, magic)) return PictureFormat::kPnm;
  }
  const auto* foreign = std::ranges::find_if(
      kForeign, [&](const Foreign& format) { return has(bytes, format.magic, format.at); });
  if (foreign != std::end(kForeign)) {
    throw Error(fmt::format("is a {} file; {}", foreign->name, kAllowed), place);
  }
  if (const std::string advice = content_advice(bytes); !advice.empty()) {
    throw Error("is no picture but " + advice, place);
  }
  throw Error(
      fmt::format("cannot decode the picture: its first bytes are those of no known format; {}",
                  kAllowed),
      place);
}

}  // namespace rangefinder::data
