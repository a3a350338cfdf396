#include "exporters/tables/calibration_cache.h"

#include <bit>
#include <cmath>

#include "exporters/tables/sample_table.h"

namespace rangefinder::exporters {
namespace {

using testing::HasSubstr;

std::string complaint(const std::string& text) {
  return error_of([&] { parse_calibration_cache(text); }).what();
}

/// What TensorRT 7 wrote for its MNIST sample, as its documentation shows it.
constexpr char kMnist[] =
    "TRT-7000-EntropyCalibration2\n"
    "data: 3c008912\n"
    "conv1: 3c88edfc\n"
    "pool1: 3c88edfc\n"
    "conv2: 3ddc858b\n"
    "pool2: 3ddc858b\n"
    "ip1: 3db6bd6e\n"
    "ip2: 3e691968\n"
    "prob: 3c010a14\n";

TEST(CalibrationCache, ReadsWhatTensorRtWrote) {
  const CalibrationCache cache = parse_calibration_cache(kMnist);
  EXPECT_EQ(cache.version.text(), "7.0.0");
  EXPECT_EQ(cache.algorithm, "EntropyCalibration2");
  ASSERT_EQ(cache.entries.size(), 8);
  EXPECT_EQ(cache.entries[0].tensor, "data");
  EXPECT_EQ(cache.entries[0].scale, std::bit_cast<float>(0x3c008912));
  EXPECT_NEAR(cache.entries[0].scale * 127, 1, 0.005) << "pictures from 0 to 1";
  EXPECT_EQ(cache.entries[7].line, 9);
  EXPECT_EQ(calibration_cache_text(cache), kMnist);
}

TEST(CalibrationCache, NamesMayHoldAnythingButLineEnds) {
  const CalibrationCache cache = parse_calibration_cache(
      "TRT-8401-EntropyCalibration2\n(Unnamed Layer* 64) [Shuffle]_output: 0\n"
      "input_1:0: 3c010a14\na: b: c: 3f800000\n/model.0/conv/Conv_output_0: 40000000\r\n\n");
  ASSERT_EQ(cache.entries.size(), 4);
  EXPECT_EQ(cache.entries[0].tensor, "(Unnamed Layer* 64) [Shuffle]_output");
  EXPECT_EQ(cache.entries[0].scale, 0);
  EXPECT_EQ(cache.entries[1].tensor, "input_1:0");
  EXPECT_EQ(cache.entries[2].tensor, "a: b: c");
  EXPECT_EQ(cache.entries[3].scale, 2);
}

TEST(CalibrationCache, EveryCalibratorsScalesMeanTheSame) {
  for (const std::string_view algorithm : calibration_algorithms()) {
    const std::string text = "TRT-100300-" + std::string(algorithm) + "\nx: 3f800000\n";
    EXPECT_EQ(parse_calibration_cache(text).algorithm, algorithm);
  }
  EXPECT_THAT(complaint("TRT-8510-Fp8Calibration\nx: 3f800000\n"),
              testing::AllOf(HasSubstr("line 1"), HasSubstr("'Fp8Calibration'"),
                             HasSubstr("EntropyCalibration2")));
}

TEST(CalibrationCache, VersionsAreThoseThatHadSuchCaches) {
  EXPECT_THAT(complaint("TRT-110000-EntropyCalibration2\nx: 3f800000\n"),
              testing::AllOf(HasSubstr("11.0.0"), HasSubstr("5 to 10")));
  EXPECT_THAT(complaint("TRT-4000-EntropyCalibration2\nx: 3f800000\n"), HasSubstr("4.0.0"));
  EXPECT_THAT(complaint("TRT-8XXX-EntropyCalibration2\nx: 3f800000\n"), HasSubstr("'8XXX'"));
  EXPECT_EQ(parse_calibration_cache("TRT-100900-MinMaxCalibration\nx: 3f800000\n").version.text(),
            "10.9.0");
}

TEST(CalibrationCache, FilesOfAnotherKindAreNamedByTheirFirstLine) {
  EXPECT_THAT(complaint(""), HasSubstr("empty"));
  EXPECT_THAT(complaint("{\"CLS\": 1}"), testing::AllOf(HasSubstr("{\"CLS\""), HasSubstr("TRT-")));
  EXPECT_THAT(complaint("x: 3f800000\n"), HasSubstr("line 1"));
  EXPECT_THAT(complaint("TRT-8510"), HasSubstr("TRT-<version>"));
  EXPECT_THAT(complaint(std::string(100, '\0')), HasSubstr("line 1"));
}

TEST(CalibrationCache, AHalfWrittenFileIsNotTaken) {
  const std::string whole = kMnist;
  // Whatever is left: no text that ends within a line is taken for a whole one.
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::string cut = whole.substr(0, size);
    const bool ends_with_a_value = whole[size] == '\n' && size > whole.find('\n');
    const bool ends_with_a_line = size > whole.find('\n') + 1 && whole[size - 1] == '\n';
    if (ends_with_a_value || ends_with_a_line) {
      EXPECT_NO_THROW(parse_calibration_cache(cut)) << size;
    } else {
      EXPECT_THROW(parse_calibration_cache(cut), Error) << size;
    }
  }
  EXPECT_THAT(complaint("TRT-8510-EntropyCalibration2\nx: 3f800000\ny: 3f8"),
              testing::AllOf(HasSubstr("line 3"), HasSubstr("cut off")));
  EXPECT_THAT(complaint("TRT-8510-EntropyCalibration2\n"), HasSubstr("no tensors"));
}

TEST(CalibrationCache, WrongValuesAreNamedByTheirLine) {
  const auto line_3 = [](const std::string& line) {
    return complaint("TRT-8510-EntropyCalibration2\nx: 3f800000\n" + line + "\n");
  };
  EXPECT_THAT(line_3("y: 3g800000"), testing::AllOf(HasSubstr("line 3"), HasSubstr("'3g800000'")));
  EXPECT_THAT(line_3("y: 0x3f8000"), HasSubstr("hexadecimal"));
  EXPECT_THAT(line_3("y: 3f8000000"), HasSubstr("hexadecimal"));
  EXPECT_THAT(line_3("y: "), HasSubstr("hexadecimal"));
  EXPECT_THAT(line_3("y: -1"), HasSubstr("hexadecimal"));
  EXPECT_THAT(line_3("y 3f800000"), HasSubstr("'<tensor>: <value>'"));
  EXPECT_THAT(line_3(": 3f800000"), HasSubstr("line 3"));
  EXPECT_THAT(line_3("y: 7fc00000"), HasSubstr("nan"));
  EXPECT_THAT(line_3("y: 7f800000"), HasSubstr("inf"));
  EXPECT_THAT(line_3("y: bf800000"), HasSubstr("-1"));
  EXPECT_THAT(line_3("x: 3f800000"),
              testing::AllOf(HasSubstr("line 3"), HasSubstr("'x'"), HasSubstr("line 2")));
}

TEST(CalibrationCache, WhatIsWrittenIsRead) {
  CalibrationCache cache{.version = {8601}, .algorithm = "MinMaxCalibration"};
  for (int i = 0; i < 100; ++i) {
    cache.entries.push_back({.tensor = "t: " + std::to_string(i),
                             .scale = std::ldexp(1.0f + static_cast<float>(i) / 128, i - 50)});
  }
  const CalibrationCache read = parse_calibration_cache(calibration_cache_text(cache));
  ASSERT_EQ(read.entries.size(), cache.entries.size());
  for (size_t i = 0; i < cache.entries.size(); ++i) {
    EXPECT_EQ(read.entries[i].tensor, cache.entries[i].tensor);
    EXPECT_EQ(read.entries[i].scale, cache.entries[i].scale);
  }
}

TEST(TensorRtVersion, IsReadInBothSpellings) {
  EXPECT_EQ(parse_tensorrt_version("8.6.1").number, 8601);
  EXPECT_EQ(parse_tensorrt_version("8601").number, 8601);
  EXPECT_EQ(parse_tensorrt_version("8.5.10").text(), "8.5.10");
  EXPECT_EQ(parse_tensorrt_version("10.3").number, 100300);
  EXPECT_EQ(parse_tensorrt_version("100300").text(), "10.3.0");
  for (const char* wrong : {"", "8", "eight", "8.6.1.2", "8..1", "11.0", "110000", "4.0", "8.x",
                            "8.123.1", "-8.6.1", "99999999999999"}) {
    EXPECT_THROW(parse_tensorrt_version(wrong), std::invalid_argument) << wrong;
  }
}

}  // namespace
}  // namespace rangefinder::exporters
