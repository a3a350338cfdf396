#include "data/picture_jpeg.h"

#include <csetjmp>
#include <cstdio>
#include <string>
#include <utility>
// jpeglib.h needs what stands above it.
#include <jerror.h>
#include <jpeglib.h>

#include "data/exif.h"

namespace rangefinder::data {
namespace {

/// Each scan of a progressive picture sweeps over all of it, however few bytes it has.
constexpr int kMaxScanCount = 200;

/// libjpeg reports errors by a function that must not return: it jumps back to where guarded() was
/// called. Nothing with a destructor lives between the two.
struct Errors {
  jpeg_error_mgr manager;  // First: libjpeg knows only this part.
  std::jmp_buf stop;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void stop(j_common_ptr info) {
  auto* errors = reinterpret_cast<Errors*>(info->err);
  info->err->format_message(info, errors->message);
  std::longjmp(errors->stop, 1);
}

/// Level -1 is a warning: of damage, but for two headers that say something unusual.
void on_message(j_common_ptr info, int level) {
  const int code = info->err->msg_code;
  if (level < 0 && code != JWRN_JFIF_MAJOR && code != JWRN_ADOBE_XFORM) stop(info);
}

void on_progress(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMaxScanCount) return;
  std::snprintf(reinterpret_cast<Errors*>(info->err)->message, JMSG_LENGTH_MAX,
                "more than %d scans", kMaxScanCount);
  std::longjmp(reinterpret_cast<Errors*>(info->err)->stop, 1);
}

/// Ink as Adobe's programs store it (255: none) times black.
uint8_t without_ink(uint8_t ink, uint8_t black) {
  return static_cast<uint8_t>(black - ((255 - ink) * black >> 8));
}

void from_inks(const uint8_t* inks, int width, PixelKind kind, uint8_t* to) {
  for (int x = 0; x < width; ++x, inks += 4) {
    const uint8_t red = without_ink(inks[0], inks[3]);
    const uint8_t green = without_ink(inks[1], inks[3]);
    const uint8_t blue = without_ink(inks[2], inks[3]);
    if (kind == PixelKind::kGray) {
      *to++ = coarse_luma(red, green, blue);
    } else {
      *to++ = red;
      *to++ = green;
      *to++ = blue;
    }
  }
}

class JpegDecoder {
 public:
  JpegDecoder(std::string_view bytes, PixelKind kind, const Error::Place& place)
      : bytes_(bytes), kind_(kind), place_(place) {
    info_.err = jpeg_std_error(&errors_.manager);
    errors_.manager.error_exit = stop;
    errors_.manager.emit_message = on_message;
    progress_.progress_monitor = on_progress;
    // Nothing else here: a constructor that throws is not followed by the destructor.
    guarded([&] { jpeg_create_decompress(&info_); });
    info_.progress = &progress_;
  }
  ~JpegDecoder() { jpeg_destroy_decompress(&info_); }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  Pixels decode() {
    start();
    Pixels pixels{.width = static_cast<int>(info_.output_width),
                  .height = static_cast<int>(info_.output_height),
                  .channels = channel_count(kind_)};
    pixels.values.resize(pixels.row_size() * static_cast<size_t>(pixels.height));
    std::vector<uint8_t> inks(has_inks() ? static_cast<size_t>(pixels.width) * 4 : 0);
    for (int y = 0; y < pixels.height; ++y) {
      JSAMPROW row = has_inks() ? inks.data() : pixels.row(y);
      guarded([&] { jpeg_read_scanlines(&info_, &row, 1); });
      if (has_inks()) from_inks(inks.data(), pixels.width, kind_, pixels.row(y));
    }
    const int orientation = exif_orientation(exif());
    guarded([&] { jpeg_finish_decompress(&info_); });
    return turn_upright(std::move(pixels), orientation);
  }

 private:
  /// Runs a step whose failure is an Error. The step must own nothing that needs a destructor.
  template <typename Step>
  void guarded(const Step& step) {
    if (setjmp(errors_.stop) != 0) {
      throw Error(std::string("cannot decode the JPEG picture: ") + errors_.message, place_);
    }
    step();
  }

  bool has_inks() const { return info_.out_color_space == JCS_CMYK; }

  void start() {
    guarded([&] {
      jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size());
      jpeg_save_markers(&info_, JPEG_APP0 + 1, 0xFFFF);
      jpeg_read_header(&info_, TRUE);
    });
    require_picture_size(info_.image_width, info_.image_height, place_);
    const bool gray = kind_ == PixelKind::kGray;
    info_.out_color_space = info_.num_components == 4 ? JCS_CMYK : gray ? JCS_GRAYSCALE : JCS_RGB;
    guarded([&] { jpeg_start_decompress(&info_); });
    require_all_scans();
  }

  /// A picture in several scans may end between two of them; libjpeg takes the rest as zero.
  void require_all_scans() const {
    for (int i = 0; i < info_.num_components; ++i) {
      // Set by a component's first scan.
      bool complete = info_.comp_info[i].quant_table != nullptr;
      // Bits of each coefficient that are still to come, -1 if it never came.
      const int* bits = info_.coef_bits == nullptr ? nullptr : info_.coef_bits[i];
      for (int k = 0; bits != nullptr && k < DCTSIZE2; ++k) complete = complete && bits[k] <= 0;
      if (!complete) throw Error("the JPEG picture is cut short: scans are missing", place_);
    }
  }

  /// The first APP1 segment that holds EXIF data; others hold XMP.
  std::string_view exif() const {
    constexpr std::string_view kPrefix("Exif\0\0", 6);
    for (const auto* marker = info_.marker_list; marker != nullptr; marker = marker->next) {
      const std::string_view data(reinterpret_cast<const char*>(marker->data), marker->data_length);
      if (data.starts_with(kPrefix)) return data.substr(kPrefix.size());
    }
    return {};
  }

  std::string_view bytes_;
  PixelKind kind_;
  const Error::Place& place_;
  jpeg_decompress_struct info_ = {};
  Errors errors_ = {};
  jpeg_progress_mgr progress_ = {};
};

}  // namespace

Pixels decode_jpeg(std::string_view bytes, PixelKind kind, const Error::Place& place) {
  return JpegDecoder(bytes, kind, place).decode();
}

}  // namespace rangefinder::data
