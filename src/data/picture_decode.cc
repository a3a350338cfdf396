#include "data/picture_decode.h"

#include "data/picture_format.h"
#if RANGEFINDER_PICTURES
#include "data/picture_bmp.h"
#include "data/picture_jpeg.h"
#include "data/picture_png.h"
#include "data/picture_pnm.h"
#include "data/picture_webp.h"
#endif

namespace rangefinder::data {

bool can_decode_pictures() { return RANGEFINDER_PICTURES != 0; }

void require_pictures(const Error::Place& place) {
  if (can_decode_pictures()) return;
  throw Error(
      "is a picture, and this program was built without them (RANGEFINDER_PICTURES=OFF); "
      ".npy and .npz are allowed",
      place);
}

#if RANGEFINDER_PICTURES

Pixels decode_picture(std::string_view bytes, PixelKind kind, const Error::Place& place) {
  switch (picture_format(bytes, place)) {
    case PictureFormat::kJpeg:
      return decode_jpeg(bytes, kind, place);
    case PictureFormat::kPng:
      return decode_png(bytes, kind, place);
    case PictureFormat::kWebp:
      return decode_webp(bytes, kind, place);
    case PictureFormat::kBmp:
      return decode_bmp(bytes, kind, place);
    case PictureFormat::kPnm:
      break;
  }
  return decode_pnm(bytes, kind, place);
}

#else

Pixels decode_picture(std::string_view, PixelKind, const Error::Place& place) {
  require_pictures(place);
  return {};
}

#endif

}  // namespace rangefinder::data
