#pragma once

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "data/pixels.h"

namespace rangefinder::data {

/// A committed picture, and what OpenCV made of it (tests/data/files/README.md).
struct GoldenPicture {
  std::string name;
  int width = 0;
  int height = 0;
  std::string color;
  std::string gray;
};

inline std::filesystem::path picture_path(const std::string& name) {
  return std::filesystem::path(RANGEFINDER_TEST_DATA) / "files" / "pictures" / name;
}

inline std::string picture_bytes(const std::string& name) { return read_file(picture_path(name)); }

inline std::vector<GoldenPicture> golden_pictures() {
  std::istringstream lines(
      read_file(std::filesystem::path(RANGEFINDER_TEST_DATA) / "goldens" / "pictures.csv"));
  std::vector<GoldenPicture> pictures;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream fields(line);
    std::vector<std::string> words;
    for (std::string word; std::getline(fields, word, ',');) words.push_back(word);
    pictures.push_back(
        {words.at(0), std::stoi(words.at(1)), std::stoi(words.at(2)), words.at(3), words.at(4)});
  }
  return pictures;
}

/// FNV-1a, 64 bit, as the goldens have it.
inline std::string hash_of(const Pixels& pixels) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const uint8_t value : pixels.values) hash = (hash ^ value) * 0x100000001b3u;
  std::ostringstream text;
  text << std::hex;
  text.width(16);
  text.fill('0');
  text << hash;
  return text.str();
}

/// A binary pixmap or graymap: the picture that is easiest to write.
inline std::string pnm_bytes(const Pixels& pixels) {
  std::string bytes = pixels.channels == 1 ? "P5 " : "P6 ";
  bytes += std::to_string(pixels.width) + " " + std::to_string(pixels.height) + " 255\n";
  for (const uint8_t value : pixels.values) bytes += static_cast<char>(value);
  return bytes;
}

}  // namespace rangefinder::data
