// `rangefinder tensors` as a user runs it: exit codes, messages, JSON.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "cli/fixture.h"
#include "support/goldens.h"

namespace rangefinder::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class Tensors : public ProgramTest {
 protected:
  Words write_stream(const std::string& name, uint32_t seed, const tensor::Shape& shape,
                     size_t count) {
    Words names;
    for (const tensor::Tensor& batch : support::stream_batches(name, seed, shape, count)) {
      names.push_back(write(name + std::to_string(names.size()) + ".npy", batch));
    }
    return names;
  }

  static Words command(const Words& batches, const Words& options) {
    return joined(joined({"tensors"}, batches), options);
  }
  static json solved(const Words& batches, const Words& options) {
    return parsed(run(command(batches, options)));
  }
  static json parsed(const support::ProgramResult& result) {
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(result.errors, "");
    return result.exit_code == 0 ? json::parse(result.output) : json();
  }
  void expect_failure(const Words& batches, const Words& options, int exit_code,
                      const std::string& part) const {
    ProgramTest::expect_failure(command(batches, options), exit_code, {part});
  }
};

TEST_F(Tensors, PrintsWhatWasFoundSoThatItRoundTrips) {
  const Words files = {write("a.npy", {3}, {-1.3f, 0, 0.1f}), write("b.npy", {2}, {2.9f, 1})};
  const json found = solved(files, {"--method", "MinMax", "--asymmetric"});
  const float scale = found["scale"][0].get<float>();
  EXPECT_EQ(scale, static_cast<float>((double{2.9f} + double{1.3f}) / 255));
  EXPECT_EQ(found["offset"], json({79}));
  EXPECT_EQ(found["range"][0][0].get<double>(), -79 * double{scale});
  EXPECT_EQ(found["range"][0][1].get<double>(), 176 * double{scale});
  EXPECT_EQ(found["method"], "minmax");
  EXPECT_EQ(found["count"], 5);
  EXPECT_EQ(found["nan_count"], 0);
  EXPECT_EQ(found["min"].get<float>(), -1.3f);
  EXPECT_EQ(found["max"].get<float>(), 2.9f);
  EXPECT_EQ(found["bits"], 8);
  EXPECT_EQ(found["passes"], 1);
}

TEST_F(Tensors, CoversTheMatrix) {
  const Words files = write_stream("channels", 3, {8, 4, 32}, 2);
  for (const char* method :
       {"minmax", "mse", "percentile", "std", "mean-minmax", "mean-percentile"}) {
    for (const bool per_channel : {false, true}) {
      Words options = {"--method", method, "--bits", "4", "--power-of-2"};
      options.push_back(per_channel ? "--symmetric" : "--asymmetric");
      if (per_channel) options.insert(options.end(), {"--channel-axis", "1"});
      const json found = solved(files, options);
      EXPECT_EQ(found["scale"].size(), per_channel ? 4u : 1u);
      int exponent = 0;
      EXPECT_EQ(std::frexp(found["scale"][0].get<double>(), &exponent), 0.5);
    }
  }
}

TEST_F(Tensors, ReproducesPpqBitForBit) {
  const auto rows = support::ppq_goldens(RANGEFINDER_TEST_DATA "/goldens/ppq_observers.csv");
  // Every 24th row (a stream has 23 or 25) meets every method and most streams; the library's own
  // test takes them all.
  // RANGEFINDER_ALL_GOLDENS=1 takes them all here too.
  const size_t stride = std::getenv("RANGEFINDER_ALL_GOLDENS") != nullptr ? 1 : 24;
  for (size_t i = 0; i < rows.size(); i += stride) {
    const support::PpqGolden& row = rows[i];
    Words options = {"--compat",    "ppq",
                     "--method",    row.method,
                     "--bits",      std::to_string(row.config.bits),
                     "--quant-min", std::to_string(row.config.quant_min),
                     "--quant-max", std::to_string(row.config.quant_max)};
    options.push_back(row.config.is_symmetric() ? "--symmetric" : "--asymmetric");
    if (row.config.is_power_of_2()) options.push_back("--power-of-2");
    if (row.config.is_per_channel()) {
      options.insert(options.end(), {"--channel-axis", std::to_string(*row.config.channel_axis)});
    }
    const json found =
        solved(write_stream(row.stream, row.seed, row.shape, row.batch_count), options);
    std::vector<uint32_t> bits;
    for (const auto& scale : found["scale"])
      bits.push_back(std::bit_cast<uint32_t>(scale.get<float>()));
    EXPECT_EQ(bits, row.scale_bits) << row.description();
    EXPECT_EQ(found["offset"].get<std::vector<int32_t>>(), row.offset) << row.description();
  }
}

// A plug-in stays loaded: in a process of its own.
TEST_F(Tensors, UsesPluginsWithAsManyPassesAsTheyAsk) {
  const Words files = write_stream("normal", 3, {64, 16}, 3);
  const auto run_with = [&](const std::string& plugin, const std::string& method) {
    return run_alone(command(files, {"--plugin", plugin, "--symmetric", "--method", method}));
  };
  EXPECT_EQ(parsed(run_with(EXAMPLE_PLUGIN, "LP-Error"))["passes"], 2);
  EXPECT_EQ(parsed(run_with(EXAMPLE_PLUGIN, "aciq-laplace"))["passes"], 1);
  expect_failed(run_with(EXAMPLE_PLUGIN, "nonsense"), 2, {"aciq-laplace"});
  expect_failed(run_with("/no/such.so", "mse"), 1, {"/no/such.so"});
}

TEST_F(Tensors, MeasuresTheError) {
  const Words files = {write("a.npy", {4}, {-2.5f, 2.5f, 127.5f, 0})};
  Words options = {"--method", "minmax", "--symmetric", "--measure", "--rounding", "half-even"};
  EXPECT_EQ(solved(files, options)["error"]["max_abs_error"], 0.5);
  const double even = solved(files, options)["error"]["mse"].get<double>();
  options.back() = "down";
  const json down = solved(files, options);
  EXPECT_EQ(down["passes"], 1) << "measuring is no pass of the method";
  EXPECT_EQ(down["error"]["mse"].get<double>(), even) << "half a code off either way";
  EXPECT_NE(down["error"]["cosine"], solved(files, {"--measure"})["error"]["cosine"]);
  expect_failure(files, {"--measure", "--rounding", "sideways"}, 2, "half-towards-zero");
}

TEST_F(Tensors, IsotoneReportsTheShareOfRows) {
  const Words files = write_stream("normal", 3, {16, 10, 4}, 2);
  const json found =
      solved(files, {"--method", "isotone", "--symmetric", "--axis", "1", "--top-k", "2"});
  EXPECT_EQ(found["figures"]["row_count"], 2 * 16 * 4);
  EXPECT_GT(found["figures"]["kept_share"].get<double>(), 0.5);
  expect_failure(files, {"--method", "isotone", "--top-k", "6"}, 2, "1 to 5");
  expect_failure(files, {"--method", "isotone", "--channel-axis", "1"}, 2, "one scale per tensor");
  expect_failure(files, {"--method", "isotone", "--axis", "3"}, 1, "row axis 3");
}

TEST_F(Tensors, TakesAnyTypeOfNumber) {
  tensor::Tensor integers(tensor::ElementType::kInt8, {2});
  integers.bytes()[0] = std::byte{0x81};  // -127
  EXPECT_EQ(solved({write("i.npy", integers)}, {"--method", "minmax", "--symmetric"})["scale"][0]
                .get<float>(),
            2 * 127.0f / 255);
}

TEST_F(Tensors, Fp8) {
  const Words files = {write("a.npy", {2}, {-896, 1})};
  const json found = solved(files, {"--fp8", "e4m3", "--method", "minmax"});
  EXPECT_EQ(found["scale"], json({2.0}));
  EXPECT_EQ(found["range"], json::parse("[[-896.0, 896.0]]"));
  const json rounded = solved(files, {"--fp8", "e5m2", "--method", "minmax", "--power-of-2"});
  EXPECT_EQ(rounded["scale"][0].get<double>(), std::exp2(-6));
  expect_failure(files, {"--fp8", "e4m3", "--method", "percentile"}, 2, "minmax or mse");
  expect_failure(files, {"--fp8", "e4m3", "--bits", "4"}, 2, "8 bits");
  expect_failure(files, {"--fp8", "e4m3", "--asymmetric"}, 2, "--asymmetric");
  expect_failure(files, {"--fp8", "e3m4"}, 2, "e3m4");
  expect_failure(files, {"--fp8", "e4m3", "--compat", "ppq"}, 2, "FP8");
}

TEST_F(Tensors, WrongUsageIsExitCode2) {
  const Words files = {write("a.npy", {2}, {1, 2})};
  expect_failure(files, {"--method", "entropy"}, 2, "known are");
  expect_failure(files, {"--frobnicate"}, 2, "--frobnicate");
  expect_failure(files, {"--symmetric", "--asymmetric"}, 2, "--asymmetric");
  expect_failure(files, {"--bits", "1"}, 2, "2..32");
  expect_failure(files, {"--bits", "33"}, 2, "2..32");
  expect_failure(files, {"--bits", "4", "--quant-max", "127"}, 2, "4 bits");
  expect_failure(files, {"--quant-min", "7", "--quant-max", "7"}, 2, "min < max");
  expect_failure(files, {"--method", "percentile", "--percentile", "0"}, 2, "(0, 1]");
  expect_failure(files, {"--method", "percentile", "--percentile", "1.01"}, 2, "(0, 1]");
  expect_failure(files, {"--method", "std", "--alpha", "-1"}, 2, "alpha");
  expect_failure(files, {"--compat", "tensorrt"}, 2, "tensorrt");
  expect_failure(files, {"--compat", "ppq", "--method", "std"}, 2, "isotone, kl, minmax");
  expect_failure(files, {"--compat", "ppq", "--method", "kl", "--asymmetric"}, 2, "asymmetric");
  expect_failure(files, {"--nonfinite", "maybe"}, 2, "maybe");
  expect_failure({}, {"--method", "minmax"}, 2, "BATCH");
}

TEST_F(Tensors, BadDataIsExitCode1AndNamesTheFile) {
  const Words good = {write("good.npy", {1, 2}, {1, 2})};
  expect_failure({"/no/such.npy"}, {}, 1, "/no/such.npy");
  const std::string text = write("text.npy", "not an array");
  expect_failure({good[0], text}, {}, 1, "text.npy");
  const std::string empty = write("empty.npy", {0, 4}, {});
  expect_failure({empty}, {"--method", "minmax"}, 1, "saw no data");
  expect_failure({empty}, {"--method", "minmax", "--compat", "ppq"}, 1, "empty.npy");
  expect_failure(good, {"--channel-axis", "2"}, 1, "good.npy: The channel axis 2");
  expect_failure(good, {"--channel-axis", "-3"}, 1, "good.npy");
  expect_failure(good, {"--channel-axis", "2", "--compat", "ppq", "--method", "minmax"}, 1,
                 "good.npy");
  const std::string other = write("other.npy", {1, 3}, {1, 2, 3});
  expect_failure({good[0], other}, {"--channel-axis", "1"}, 1, "other.npy");
}

TEST_F(Tensors, NotFiniteDataAreRefusedOrCounted) {
  const float infinity = std::numeric_limits<float>::infinity();
  const Words files = {write("good.npy", {2}, {1, 255}),
                       write("bad.npy", {4}, {std::nanf(""), infinity, -infinity, 3})};
  expect_failure(files, {"--method", "minmax"}, 1, "bad.npy: The batch holds 1 NaN and 2 inf");
  const json found = solved(files, {"--method", "minmax", "--nonfinite", "ignore"});
  EXPECT_EQ(found["scale"], json({1.0}));
  EXPECT_EQ(found["count"], 6);
  EXPECT_EQ(found["nan_count"], 1);
  EXPECT_EQ(found["inf_count"], 2);
  expect_failure({write("nan.npy", {1}, {std::nanf("")})}, {"--nonfinite", "ignore"}, 1,
                 "nothing finite");
}

TEST_F(Tensors, DegenerateDataHaveDefinedResults) {
  for (const auto& values :
       {std::vector<float>{0, 0}, {3.25f, 3.25f}, {-7}, {1e-41f}, {3e38f, -3e38f}}) {
    const Words files = {write("d.npy", {static_cast<int64_t>(values.size())}, values)};
    for (const char* method : {"mse", "kl"}) {
      const json found = solved(files, {"--method", method});
      EXPECT_GT(found["scale"][0].get<double>(), 0) << method << " of " << values[0];
    }
  }
}

TEST_F(Tensors, ItsHelpTellsTheOptions) {
  const support::ProgramResult help = run({"tensors", "--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.output, HasSubstr("--channel-axis"));
}

}  // namespace
}  // namespace rangefinder::cli
