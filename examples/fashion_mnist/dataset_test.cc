#include "fashion_mnist/dataset.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "data/npy.h"

namespace rangefinder::examples {
namespace {

/// Three images of 1 x 2 pixels.
const IdxArray kImages{{3, 1, 2}, {0, 255, 51, 102, 1, 2}};

TEST(Dataset, NormalizesPixels) {
  const Tensor batch = normalized_batch(kImages, 1, 2);
  EXPECT_EQ(batch.shape(), (Shape{2, 1, 1, 2}));
  EXPECT_FLOAT_EQ(batch.floats()[0], (51.0f / 255 - 0.286f) / 0.353f);
  EXPECT_FLOAT_EQ(batch.floats()[3], (2.0f / 255 - 0.286f) / 0.353f);
  EXPECT_THROW(normalized_batch(kImages, 2, 2), Error);
  EXPECT_THROW(normalized_batch({{3}, {1, 2, 3}}, 0, 1), Error);
}

TEST(Dataset, ExportsSamplesOfTheirOwn) {
  const auto folder = std::filesystem::temp_directory_path() / "rangefinder_export_test";
  std::filesystem::remove_all(folder);
  export_samples(kImages, 2, folder / "samples");
  EXPECT_EQ(data::read_npy(folder / "samples" / "1.npy"), normalized_batch(kImages, 1, 1));
  EXPECT_FALSE(std::filesystem::exists(folder / "samples" / "2.npy"));
  EXPECT_THROW(export_samples(kImages, 4, folder), Error);
  write_file(folder / "file", "");
  EXPECT_THROW(export_samples(kImages, 1, folder / "file"), Error);
  std::filesystem::remove_all(folder);
}

TEST(Dataset, LabelsMustMatchTheImages) {
  const auto folder = std::filesystem::temp_directory_path() / "rangefinder_labels_test";
  std::filesystem::create_directories(folder);
  const std::string images(
      "\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x01"
      "ab",
      18);
  write_file(folder / "images", images);
  write_file(folder / "labels", std::string("\0\0\x08\x01\0\0\0\x02\x01\x09", 10));
  write_file(folder / "few", std::string("\0\0\x08\x01\0\0\0\x01\x01", 9));
  EXPECT_EQ(read_labelled(folder / "images", folder / "labels").size(), 2u);
  EXPECT_THROW(read_labelled(folder / "images", folder / "few"), Error);
  EXPECT_THROW(read_labelled(folder / "labels", folder / "labels"), Error);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace rangefinder::examples
