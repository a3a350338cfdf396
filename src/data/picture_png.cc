#include "data/picture_png.h"

#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "data/exif.h"

namespace rangefinder::data {
namespace {

/// No deflated byte makes more bytes than this (RFC 1951: 258 for two bits).
constexpr size_t kMaxInflation = 1032;

/// What libpng reads from, and where it jumps to on an error: see guarded().
struct Input {
  std::string_view rest;
  std::jmp_buf stop = {};
  char message[128] = {};
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto* input = static_cast<Input*>(png_get_error_ptr(png));
  std::snprintf(input->message, sizeof(input->message), "%s", message);
  std::longjmp(input->stop, 1);
}

void on_warning(png_structp, png_const_charp) {}

void on_read(png_structp png, png_bytep to, size_t size) {
  auto* input = static_cast<Input*>(png_get_io_ptr(png));
  if (size > input->rest.size()) png_error(png, "the file is cut short");
  std::memcpy(to, input->rest.data(), size);
  input->rest.remove_prefix(size);
}

/// Whether the chunk stands before the picture's data.
bool has_chunk(std::string_view bytes, std::string_view name) {
  constexpr size_t kSignatureSize = 8;
  size_t at = kSignatureSize;
  while (at + 8 <= bytes.size()) {
    size_t length = 0;
    for (size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<uint8_t>(bytes[at + i]);
    const std::string_view found = bytes.substr(at + 4, 4);
    if (found == name) return true;
    if (found == "IDAT") return false;
    at += 12 + length;
  }
  return false;
}

class PngDecoder {
 public:
  PngDecoder(std::string_view bytes, PixelKind kind, const Error::Place& place)
      : kind_(kind), place_(place), size_(bytes.size()), input_{.rest = bytes} {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &input_, on_error, on_warning);
    info_ = png_ == nullptr ? nullptr : png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, &info_, nullptr);
      throw std::bad_alloc();
    }
  }
  ~PngDecoder() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;

  Pixels decode() {
    guarded([&] {
      png_set_read_fn(png_, &input_, on_read);
      png_set_crc_action(png_, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
      png_read_info(png_, info_);
    });
    require_size();
    guarded([&] { transform(); });
    Pixels pixels{.width = static_cast<int>(png_get_image_width(png_, info_)),
                  .height = static_cast<int>(png_get_image_height(png_, info_)),
                  .channels = channel_count(kind_)};
    if (png_get_rowbytes(png_, info_) != pixels.row_size()) {
      throw Error("cannot decode the PNG picture: unknown kind of pixels", place_);
    }
    pixels.values.resize(pixels.row_size() * static_cast<size_t>(pixels.height));
    read_rows(pixels);
    return turn_upright(std::move(pixels), orientation());
  }

 private:
  /// Runs a step whose failure is an Error. The step must own nothing that needs a destructor.
  template <typename Step>
  void guarded(const Step& step) {
    if (setjmp(input_.stop) != 0) {
      throw Error(std::string("cannot decode the PNG picture: ") + input_.message, place_);
    }
    step();
  }

  void require_size() const {
    const size_t height = png_get_image_height(png_, info_);
    require_picture_size(png_get_image_width(png_, info_), static_cast<int64_t>(height), place_);
    if (png_get_rowbytes(png_, info_) * height > size_ * kMaxInflation) {
      throw Error("the PNG picture announces more pixels than so small a file can hold", place_);
    }
  }

  /// Whatever is stored becomes 8 bits of gray or of red, green and blue.
  void transform() {
    const int type = png_get_color_type(png_, info_);
    const bool is_color = (type & PNG_COLOR_MASK_COLOR) != 0;
    png_set_strip_16(png_);
    png_set_strip_alpha(png_);
    if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png_);
    if (!is_color) png_set_expand_gray_1_2_4_to_8(png_);
    if (kind_ == PixelKind::kGray) {
      png_set_rgb_to_gray(png_, PNG_ERROR_ACTION_NONE, 0.299, 0.587);
    } else if (!is_color) {
      png_set_gray_to_rgb(png_);
    }
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
  }

  /// What libpng by default only warns of, within the pixels' data alone, is damage: a wrong
  /// checksum of what was deflated, bytes behind its end.
  void read_rows(Pixels& pixels) {
    const bool interlaced = png_get_interlace_type(png_, info_) != PNG_INTERLACE_NONE;
    const int pass_count = interlaced ? PNG_INTERLACE_ADAM7_PASSES : 1;
    guarded([&] {
      png_set_benign_errors(png_, 0);
      for (int pass = 0; pass < pass_count; ++pass) {
        for (int y = 0; y < pixels.height; ++y) png_read_row(png_, pixels.row(y), nullptr);
      }
      png_set_benign_errors(png_, 1);
      png_read_end(png_, info_);
    });
  }

  int orientation() const {
    png_bytep exif = nullptr;
    png_uint_32 size = 0;
    if (png_get_eXIf_1(png_, info_, &size, &exif) == 0) return 1;
    return exif_orientation({reinterpret_cast<const char*>(exif), size});
  }

  PixelKind kind_;
  const Error::Place& place_;
  size_t size_;
  Input input_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

}  // namespace

Pixels decode_png(std::string_view bytes, PixelKind kind, const Error::Place& place) {
  if (has_chunk(bytes, "acTL")) {
    throw Error("is an animated PNG; pictures that stand still are decoded", place);
  }
  return PngDecoder(bytes, kind, place).decode();
}

}  // namespace rangefinder::data
