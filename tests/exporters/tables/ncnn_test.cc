#include <map>
#include <sstream>

#include "exporters/tables/sample_table.h"

namespace rangefinder::exporters {
namespace {

/// As ncnn2int8 reads the table: words by blanks, the first one is the key.
std::map<std::string, std::vector<float>> read(const std::string& text) {
  std::map<std::string, std::vector<float>> table;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string key;
    words >> key;
    for (float value = 0; words >> value;) table[key].push_back(value);
  }
  return table;
}

TEST(Ncnn, MultipliersAreOneForEachOutputChannelAndOneForEachInput) {
  const auto table = read(write_ncnn(sample_table(), {}));
  EXPECT_THAT(table.at("conv1_param_0"), testing::ElementsAre(2, 4));
  EXPECT_THAT(table.at("fc_param_0"), testing::ElementsAre(8, 8, 8));
  EXPECT_THAT(table.at("conv1"), testing::ElementsAre(127 / 122.5f));
  EXPECT_THAT(table.at("fc"), testing::ElementsAre(4));
  EXPECT_EQ(table.size(), 4) << "an Add has no weights";
}

TEST(Ncnn, AllWeightsComeFirst) {
  const std::string text = write_ncnn(sample_table(), {});
  EXPECT_LT(text.find("fc_param_0"), text.find("\nconv1 "));
}

TEST(Ncnn, AGroupHasOneMultiplier) {
  TensorTable table = sample_table();
  table.layers[0].group = 2;
  table.parameters[0].shape = {4, 1, 3, 3};
  table.parameters[0].scale = {0.5f, 0.25f, 0.125f, 0.0625f};
  table.parameters[0].zero_point = {0, 0, 0, 0};
  EXPECT_THAT(read(write_ncnn(table, {})).at("conv1_param_0"), testing::ElementsAre(2, 8));
}

TEST(Ncnn, NamesOfLayersAreWordsWithoutTheMarkOfWeights) {
  const auto refused = [](const std::string& name) {
    TensorTable table = sample_table();
    table.layers[0].name = name;
    return std::string(error_of([&] { write_ncnn(table, {}); }).what());
  };
  EXPECT_THAT(refused("conv 1"), testing::HasSubstr("conv 1"));
  EXPECT_THAT(refused("a_param_1"), testing::HasSubstr("a_param_1"));
  EXPECT_THAT(refused(std::string(300, 'x')), testing::HasSubstr("300 bytes"));
  EXPECT_THAT(refused("fc"), testing::HasSubstr("same name"));
}

TEST(Ncnn, RefusesWhatItCannotHold) {
  expect_refuses_bits(write_ncnn);
  expect_refuses_channels(write_ncnn);
  TensorTable other_axis = sample_table();
  other_axis.parameters[0].axis = 1;
  EXPECT_EQ(error_of([&] { write_ncnn(other_axis, {}); }).place().node, "conv1");
  TensorTable none = sample_table();
  none.layers.erase(none.layers.begin(), none.layers.begin() + 2);
  EXPECT_THAT(error_of([&] { write_ncnn(none, {}); }).what(), testing::HasSubstr("convolution"));
}

}  // namespace
}  // namespace rangefinder::exporters
