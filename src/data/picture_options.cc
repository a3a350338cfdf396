#include "rangefinder/picture_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>

namespace rangefinder {
namespace {

double parse_number(std::string_view text, std::string_view whole) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) {
    throw std::invalid_argument(
        fmt::format("'{}': numbers like 0.5 or 1/255, separated by commas, are needed", whole));
  }
  return value;
}

double parse_fraction(std::string_view text, std::string_view whole) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return parse_number(text, whole);
  const double divisor = parse_number(text.substr(slash + 1), whole);
  if (divisor == 0) throw std::invalid_argument(fmt::format("'{}': division by 0", whole));
  return parse_number(text.substr(0, slash), whole) / divisor;
}

int parse_side(std::string_view text, std::string_view whole) {
  int side = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, side);
  if (error != std::errc() || stop != end || side < 1) {
    throw std::invalid_argument(fmt::format("'{}': a size like 224x224 or 256 is needed", whole));
  }
  return side;
}

void validate_numbers(std::string_view option, const std::vector<double>& values, size_t channels) {
  if (values.size() != 1 && values.size() != channels) {
    throw std::invalid_argument(fmt::format("{}: {} values for {} channel{}; 1 or {} are needed",
                                            option, values.size(), channels,
                                            channels == 1 ? "" : "s", channels));
  }
  if (!std::ranges::all_of(values, [](double value) { return std::isfinite(value); })) {
    throw std::invalid_argument(fmt::format("{}: finite numbers are needed", option));
  }
}

void validate_size(std::string_view option, const std::optional<PictureSize>& size) {
  constexpr int kMax = 1 << 15;
  if (!size) return;
  if (size->width < 1 || size->height < 0 || size->width > kMax || size->height > kMax) {
    throw std::invalid_argument(fmt::format("{}: sizes of 1 to {} are needed", option, kMax));
  }
}

}  // namespace

size_t channel_count(Channels channels) { return channels == Channels::kGray ? 1 : 3; }

PictureSize parse_picture_size(std::string_view text) {
  const size_t x = text.find('x');
  PictureSize size{.width = parse_side(text.substr(0, x), text)};
  if (x != std::string_view::npos) size.height = parse_side(text.substr(x + 1), text);
  return size;
}

std::vector<double> parse_numbers(std::string_view text) {
  std::vector<double> numbers;
  std::string_view rest = text;
  while (true) {
    const size_t comma = rest.find(',');
    numbers.push_back(parse_fraction(rest.substr(0, comma), text));
    if (comma == std::string_view::npos) return numbers;
    rest.remove_prefix(comma + 1);
  }
}

void validate(const PictureOptions& options) {
  const size_t channels = channel_count(options.channels);
  validate_numbers("mean", options.mean, channels);
  validate_numbers("std", options.std, channels);
  if (std::ranges::count(options.std, 0.0) > 0)
    throw std::invalid_argument("std: 0 is not allowed");
  validate_numbers("scale", {options.scale}, channels);
  validate_size("resize", options.resize);
  validate_size("crop", options.crop);
}

}  // namespace rangefinder
