#include "exporters/tables/table_format.h"

#include <algorithm>

#include "exporters/tables/sample_table.h"

namespace rangefinder::exporters {
namespace {

using testing::HasSubstr;

TableOptions options_for(const TableFormat& format) {
  return format.name == "tensorrt-cache" ? TableOptions{.trt_version = "8.6.1"} : TableOptions{};
}

TEST(TableFormat, EveryFormatWritesTheSampleAndNoOtherHasTheSameBytes) {
  std::vector<std::string> all;
  for (const TableFormat& format : table_formats()) {
    all.push_back(write_table(format, sample_table(), options_for(format)));
    EXPECT_FALSE(all.back().empty()) << format.name;
    EXPECT_EQ(std::count(all.begin(), all.end(), all.back()), 1) << format.name;
  }
}

TEST(TableFormat, NamesAreSortedAndFound) {
  const auto formats = table_formats();
  EXPECT_TRUE(std::is_sorted(formats.begin(), formats.end(),
                             [](const auto& a, const auto& b) { return a.name < b.name; }));
  EXPECT_EQ(find_table_format("ncnn").name, "ncnn");
  try {
    find_table_format("caffe");
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("'caffe'"));
    EXPECT_THAT(error.what(), HasSubstr("ort-json"));
  }
  EXPECT_THAT([] { find_table_format("ort-jsno"); }, testing::ThrowsMessage<std::invalid_argument>(
                                                         HasSubstr("; did you mean 'ort-json'?")));
}

TEST(TableFormat, OptionsOfTensorRtAreForItsCache) {
  EXPECT_THROW(write_table(find_table_format("ppl"), sample_table(), {.trt_version = "8.6.1"}),
               std::invalid_argument);
  EXPECT_THROW(write_table(find_table_format("qnn"), sample_table(), {.trt_algorithm = "x"}),
               std::invalid_argument);
}

TEST(TableFormat, ErrorsNameTheSource) {
  const Error error =
      error_of([] { write_table(find_table_format("tengine"), table_with("a b")); });
  EXPECT_EQ(error.place().file, "net.onnx");
  EXPECT_EQ(error.place().tensor, "a b");
}

TEST(TableFormat, FormatsOfLayersSayThatAModelIsNeeded) {
  TensorTable table = sample_table();
  table.layers.clear();
  EXPECT_THAT(error_of([&] { write_table(find_table_format("ncnn"), table); }).what(),
              HasSubstr("--model"));
  table.activations.clear();
  EXPECT_THAT(error_of([&] { write_table(find_table_format("ppl"), table); }).what(),
              HasSubstr("no activation"));
}

}  // namespace
}  // namespace rangefinder::exporters
