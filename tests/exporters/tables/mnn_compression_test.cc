#include <google/protobuf/io/coded_stream.h>

#include <bit>
#include <map>
#include <vector>

#include "exporters/tables/sample_table.h"

namespace rangefinder::exporters {
namespace {

using google::protobuf::io::CodedInputStream;

/// The fields of a message, by Protocol Buffers' own reader of the wire.
struct Fields {
  std::map<uint32_t, std::vector<std::string>> texts;
  std::map<uint32_t, std::vector<float>> reals;
  std::map<uint32_t, int64_t> numbers;

  explicit Fields(const std::string& bytes) {
    CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                        static_cast<int>(bytes.size()));
    while (const uint32_t tag = in.ReadTag()) read(in, tag >> 3, tag & 7);
    EXPECT_TRUE(in.ConsumedEntireMessage());
  }

  Fields part(uint32_t field, size_t i = 0) const { return Fields(texts.at(field).at(i)); }

 private:
  void read(CodedInputStream& in, uint32_t field, uint32_t type) {
    uint64_t number = 0;
    uint32_t word = 0;
    if (type == 0 && in.ReadVarint64(&number)) numbers[field] = static_cast<int64_t>(number);
    if (type == 5 && in.ReadLittleEndian32(&word)) {
      reals[field].push_back(std::bit_cast<float>(word));
    }
    if (type != 2) return;
    std::string text;
    ASSERT_TRUE(in.ReadVarint32(&word));
    ASSERT_TRUE(in.ReadString(&text, static_cast<int>(word)));
    texts[field].push_back(text);
  }
};

TEST(MnnCompression, EachConvolutionHasItsThreeTensors) {
  const Fields pipeline(write_mnn_compression(sample_table(), {}));
  EXPECT_EQ(pipeline.texts.at(1).at(0), "0.0.0");
  const Fields algorithm = pipeline.part(2);
  EXPECT_EQ(algorithm.numbers.at(1), 0) << "QUANTIZE";
  const Fields quantize = algorithm.part(2);
  ASSERT_EQ(quantize.texts.at(4).size(), 1u) << "neither the Gemm nor the Add";
  const Fields layer = quantize.part(4);
  const Fields input = layer.part(1);
  EXPECT_EQ(input.texts.at(1).at(0), "images");
  EXPECT_EQ(input.reals.at(3).at(0), 0.5f);
  EXPECT_EQ(input.numbers.at(4), 10 - 128) << "int8 codes";
  EXPECT_EQ(input.numbers.at(5), -128);
  const Fields weight = layer.part(2);
  EXPECT_EQ(weight.texts.at(1).at(0), "conv1.weight");
  EXPECT_THAT(weight.reals.at(3), testing::ElementsAre(0.5f, 0.25f));
  EXPECT_EQ(weight.numbers.at(4), -127);
  const Fields output = layer.part(3);
  EXPECT_EQ(output.texts.at(1).at(0), "relu") << "what stands behind the Relu";
  EXPECT_EQ(output.reals.at(3).at(0), 0.125f);
  EXPECT_EQ(output.numbers.at(4), -128);
}

TEST(MnnCompression, SymmetricCodesEndAt127OnBothSides) {
  TensorTable table = sample_table();
  table.layers[0].inputs[0] = "even";
  const Fields layer = Fields(write_mnn_compression(table, {})).part(2).part(2).part(4);
  const Fields input = layer.part(1);
  EXPECT_EQ(input.numbers.at(4), 0);
  EXPECT_EQ(input.numbers.at(5), -127);
  EXPECT_EQ(input.numbers.at(6), 127);
}

TEST(MnnCompression, OneScaleIsWrittenForEachChannel) {
  TensorTable table = sample_table();
  table.parameters[0].axis.reset();
  table.parameters[0].scale = {0.5f};
  table.parameters[0].zero_point = {0};
  const Fields layer = Fields(write_mnn_compression(table, {})).part(2).part(2).part(4);
  EXPECT_THAT(layer.part(2).reals.at(3), testing::ElementsAre(0.5f, 0.5f));
}

TEST(MnnCompression, WeightsWithAZeroPointKeepTheirRange) {
  TensorTable table = sample_table();
  table.parameters[0].quant_min = 0;
  table.parameters[0].quant_max = 255;
  table.parameters[0].zero_point = {20, 255};
  const Fields layer = Fields(write_mnn_compression(table, {})).part(2).part(2).part(4);
  EXPECT_THAT(layer.part(2).reals.at(3), testing::ElementsAre(0.5f * 235 / 127, 0.25f * 255 / 127))
      << "as large as a code can be";
}

TEST(MnnCompression, RefusesWhatItCannotHold) {
  expect_refuses_bits(write_mnn_compression);
  expect_refuses_channels(write_mnn_compression);
  expect_refuses_name(write_mnn_compression, "\xFF");
  TensorTable across = sample_table();
  across.parameters[0].axis = 1;
  EXPECT_EQ(error_of([&] { write_mnn_compression(across, {}); }).place().tensor, "conv1.weight");
  TensorTable none = sample_table();
  none.layers[0].output.clear();
  EXPECT_THAT(error_of([&] { write_mnn_compression(none, {}); }).what(),
              testing::HasSubstr("no convolution"));
}

}  // namespace
}  // namespace rangefinder::exporters
