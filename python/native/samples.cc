#include "rangefinder/samples.h"

#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "bindings.h"
#include "call.h"
#include "options.h"
#include "rangefinder/near_names.h"
#include "rangefinder/npy.h"

namespace rangefinder::python {
namespace {

/// The place of a word in a list of all.
template <typename Value>
void choose(OptionReader& given, const char* name,
            std::initializer_list<std::pair<const char*, Value>> all, Value& into) {
  given.read_word(name, [&](std::string_view word) {
    std::string allowed;
    std::vector<std::string> names;
    for (const auto& [known, value] : all) {
      if (word == known) {
        into = value;
        return;
      }
      allowed += (allowed.empty() ? "" : ", ") + std::string(known);
      names.emplace_back(known);
    }
    throw std::invalid_argument(std::string(name) + ": '" + std::string(word) +
                                "'; allowed: " + allowed + did_you_mean(word, names));
  });
}

PictureOptions picture_options(const nb::dict& words) {
  PictureOptions pictures;
  OptionReader given(words);
  given.read_word("mean", [&](std::string_view text) { pictures.mean = parse_numbers(text); });
  given.read_word("std", [&](std::string_view text) { pictures.std = parse_numbers(text); });
  given.read_word("scale",
                  [&](std::string_view text) { pictures.scale = parse_numbers(text).at(0); });
  given.read_word("resize",
                  [&](std::string_view text) { pictures.resize = parse_picture_size(text); });
  given.read_word("crop", [&](std::string_view text) { pictures.crop = parse_picture_size(text); });
  choose(given, "layout", {{"nchw", Layout::kNchw}, {"nhwc", Layout::kNhwc}}, pictures.layout);
  choose(given, "channels",
         {{"rgb", Channels::kRgb}, {"bgr", Channels::kBgr}, {"gray", Channels::kGray}},
         pictures.channels);
  given.finish();
  validate(pictures);
  return pictures;
}

}  // namespace

void bind_samples(nb::module_& module) {
  nb::class_<GivenSamples>(module, "Samples")
      .def_static(
          "from_files",
          [](const std::vector<std::filesystem::path>& paths, const nb::dict& pictures) {
            return GivenSamples{.files =
                                    SampleSource::from_files(paths, picture_options(pictures))};
          },
          nb::arg("paths"), nb::arg("pictures"))
      .def_static(
          "from_iterable",
          [](nb::object iterable, bool can_rewind) {
            return GivenSamples{.iterable = std::move(iterable), .can_rewind = can_rewind};
          },
          nb::arg("iterable"), nb::arg("can_rewind"));
}

}  // namespace rangefinder::python
