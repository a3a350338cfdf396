#include "workflow/import_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <map>

#include "base/error.h"
#include "base/file.h"
#include "data/temporary_folder.h"
#include "engine/write_model.h"
#include "graph/constants.h"
#include "graph/metadata.h"
#include "graph/model_file.h"
#include "support/memory_samples.h"
#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::workflow {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// The network of TensorRT's MNIST sample, a LeNet, by the names of its tensors.
OnnxBuilder lenet(int64_t opset = 13) {
  OnnxBuilder b(opset);
  b.input("data", {-1, 1, 28, 28});
  b.weights("conv1_w", {20, 1, 5, 5}, 0.3f);
  b.weights("conv1_b", {20}, 0.1f);
  b.weights("conv2_w", {50, 20, 5, 5}, 0.05f);
  b.weights("ip1_w", {500, 800}, 0.05f);
  b.weights("ip2_w", {10, 500}, 0.05f);
  b.node("Conv", {"data", "conv1_w", "conv1_b"}, {"conv1"});
  b.node("MaxPool", {"conv1"}, {"pool1"}).ints("kernel_shape", {2, 2}).ints("strides", {2, 2});
  b.node("Conv", {"pool1", "conv2_w"}, {"conv2"});
  b.node("MaxPool", {"conv2"}, {"pool2"}).ints("kernel_shape", {2, 2}).ints("strides", {2, 2});
  b.node("Flatten", {"pool2"}, {"flat"});
  b.node("Gemm", {"flat", "ip1_w"}, {"ip1_raw"}).integer("transB", 1);
  b.node("Relu", {"ip1_raw"}, {"ip1"});
  b.node("Gemm", {"ip1", "ip2_w"}, {"ip2"}).integer("transB", 1);
  b.node("Softmax", {"ip2"}, {"prob"}).integer("axis", 1);
  b.output("prob", {-1, 10});
  return b;
}

/// The cache that its documentation shows, as TensorRT 7 wrote it.
constexpr char kPublished[] =
    "TRT-7000-EntropyCalibration2\ndata: 3c008912\nconv1: 3c88edfc\npool1: 3c88edfc\n"
    "conv2: 3ddc858b\npool2: 3ddc858b\nip1: 3db6bd6e\nip2: 3e691968\nprob: 3c010a14\n";

class ImportCache : public testing::Test {
 protected:
  std::filesystem::path path(const std::string& name) const { return folder_ / name; }

  ImportCacheRequest request(const std::string& cache, const OnnxBuilder& model) const {
    write_file(path("calibration.cache"), cache);
    write_file(path("model.onnx"), model.bytes());
    return {.cache = path("calibration.cache"),
            .model = engine::ModelSource(path("model.onnx")),
            .run = {.jobs = 1}};
  }

  CacheImport import(const std::string& cache, const OnnxBuilder& model) const {
    return import_cache(request(cache, model));
  }

  Error refused(const ImportCacheRequest& asked) const {
    try {
      import_cache(asked);
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "no error";
    return Error("none");
  }

  data::TemporaryFolder folder_;
};

std::string graph_bytes(const CacheImport& imported) { return engine::whole_bytes(imported.model); }

std::map<std::string, const report::ImportedTensorRow*> by_name(const report::CacheReport& report) {
  std::map<std::string, const report::ImportedTensorRow*> rows;
  for (const auto& row : report.tensors) rows[row.name] = &row;
  return rows;
}

TEST_F(ImportCache, APublishedCacheBecomesExplicitPairs) {
  const CacheImport imported = import(kPublished, lenet());
  const report::CacheReport& report = imported.report;
  EXPECT_EQ(report.version, "7.0.0");
  EXPECT_EQ(report.int8_count, 4);
  EXPECT_EQ(report.eligible_count, 4);
  const auto rows = by_name(report);
  ASSERT_EQ(rows.size(), 7);
  EXPECT_EQ(rows.at("data")->scale, std::bit_cast<float>(0x3c008912));
  EXPECT_EQ(rows.at("conv1")->origin, "cache") << "the pair stands before the MaxPool";
  EXPECT_EQ(rows.at("pool1")->origin, "cache");
  EXPECT_EQ(rows.at("flat")->origin, "input") << "TensorRT names no Flatten";
  EXPECT_EQ(rows.at("flat")->cache_name, "conv2");
  EXPECT_EQ(rows.at("flat")->scale, std::bit_cast<float>(0x3ddc858b));
  EXPECT_THAT(report.missing, IsEmpty());
  EXPECT_THAT(report.unknown, IsEmpty());
  EXPECT_THAT(report.unused, ElementsAre("ip2", "prob"));
}

TEST_F(ImportCache, ScalesStandInTheModelToTheBit) {
  const CacheImport imported = import(kPublished, lenet());
  const onnx::ModelProto model = graph::parse_model(graph_bytes(imported), "out");
  EXPECT_EQ(*graph::find_metadata(model, "rangefinder.target"), "tensorrt");
  std::map<std::string, float> scales;
  for (const auto& constant : model.graph().initializer()) {
    if (constant.name().ends_with("_scale") && constant.dims_size() == 0) {
      scales[constant.name()] = graph::read_constant(constant).floats()[0];
    }
  }
  EXPECT_EQ(scales.at("data_scale"), std::bit_cast<float>(0x3c008912));
  EXPECT_EQ(scales.at("ip1_scale"), std::bit_cast<float>(0x3db6bd6e));
  EXPECT_EQ(scales.size(), 4);
}

TEST_F(ImportCache, LinesAndTensorsThatDoNotMeetAreTold) {
  const CacheImport imported = import(
      "TRT-8601-EntropyCalibration2\ndata: 3c008912\npool1: 0\n"
      "(Unnamed Layer* 4) [Fully Connected]_output: 3d65992f\nconv1 + relu1: 3c88edfc\n"
      "elsewhere: 3c88edfc\nip1: 3db6bd6e\n",
      lenet());
  const report::CacheReport& report = imported.report;
  EXPECT_THAT(report.missing, ElementsAre("conv1", "conv2"));
  EXPECT_THAT(report.zero_scales, ElementsAre("pool1"));
  ASSERT_EQ(report.unknown.size(), 3);
  EXPECT_EQ(report.unknown[0].kind, "unnamed");
  EXPECT_EQ(report.unknown[0].line, 4);
  EXPECT_EQ(report.unknown[1].kind, "fused");
  EXPECT_EQ(report.unknown[2].kind, "absent");
  EXPECT_EQ(report.int8_count, 2);
  ASSERT_EQ(report.float_nodes.size(), 2);
  EXPECT_EQ(report.float_nodes[0].name, "Conv_conv2");
  EXPECT_EQ(report.float_nodes[0].reason, "'conv1' has no scale");
}

/// Reads of one tensor, a pool's and a convolution's, of which the cache tells one.
TEST_F(ImportCache, WhatIsToldOfStaysInt8WhereSomethingBesideIsNot) {
  OnnxBuilder b;
  b.input("x", {1, 4, 8, 8});
  b.weights("w1", {4, 4, 1, 1}, 0.5f);
  b.weights("w2", {4, 4, 1, 1}, 0.5f);
  b.node("Sigmoid", {"x"}, {"s"});
  b.node("Conv", {"s", "w1"}, {"direct"});
  b.node("MaxPool", {"s"}, {"p"}).ints("kernel_shape", {2, 2});
  b.node("Conv", {"p", "w2"}, {"pooled"});
  b.output("direct", {1, 4, 8, 8});
  b.output("pooled", {1, 4, 7, 7});
  const CacheImport imported = import("TRT-8601-MinMaxCalibration\np: 3c010204\n", b);
  EXPECT_THAT(imported.report.missing, ElementsAre("s"));
  EXPECT_EQ(imported.report.int8_count, 1);
  ASSERT_EQ(imported.report.float_nodes.size(), 1);
  EXPECT_EQ(imported.report.float_nodes[0].name, "Conv_direct");
  EXPECT_EQ(by_name(imported.report).at("s")->origin, "shared");
}

/// As TensorRT fuses it: a normalization, a bias in a Constant node, the shortcut, Relu.
OnnxBuilder residual_block() {
  OnnxBuilder b;
  b.input("x", {1, 4, 6, 6});
  b.weights("w1", {4, 4, 3, 3}, 0.2f);
  b.weights("w2", {4, 4, 1, 1}, 0.5f);
  b.initializer("ones", {4}, std::vector<float>(4, 1));
  b.initializer("zeros", {4}, std::vector<float>(4, 0));
  b.node("Constant", {}, {"bias"})
      .tensor("value", OnnxBuilder::float_tensor("", {4, 1, 1}, {0.1f, 0.2f, 0.3f, 0.4f}));
  b.node("Conv", {"x", "w1"}, {"c"}).ints("pads", {1, 1, 1, 1});
  b.node("BatchNormalization", {"c", "ones", "zeros", "zeros", "ones"}, {"n"});
  b.node("Add", {"n", "bias"}, {"biased"});
  b.node("Identity", {"w2"}, {"w2_moved"});
  b.node("Conv", {"x", "w2_moved"}, {"short"});
  b.node("Add", {"biased", "short"}, {"sum"});
  b.node("Relu", {"sum"}, {"y"});
  b.output("y", {1, 4, 6, 6});
  return b;
}

TEST_F(ImportCache, TheRulesAreThoseOfTheTarget) {
  const CacheImport imported =
      import("TRT-8601-MinMaxCalibration\nx: 3c010204\nbiased: 3d010204\nshort: 3d010204\n",
             residual_block());
  EXPECT_EQ(imported.report.int8_count, 2) << "a weight may be computed from constants";
  const onnx::ModelProto model = graph::parse_model(graph_bytes(imported), "out");
  std::map<std::string, std::string> makers;
  for (const auto& node : model.graph().node()) makers[node.output(0)] = node.op_type();
  for (const auto& node : model.graph().node()) {
    if (node.op_type() == "Conv") {
      EXPECT_EQ(makers.at(node.input(0)), "DequantizeLinear");
      EXPECT_EQ(makers.at(node.input(1)), "DequantizeLinear");
    }
    if (node.output(0) != "sum") continue;
    EXPECT_EQ(makers.at(node.input(0)) + " " + makers.at(node.input(1)), "DequantizeLinear Conv")
        << "the later convolution adds the branch of the earlier one";
  }
  EXPECT_EQ(by_name(imported.report).at("biased")->origin, "cache");
}

TEST_F(ImportCache, WhatTheTargetLeavesFloatSaysWhy) {
  OnnxBuilder b;
  b.input("x", {4, 4});
  b.weights("w", {4, 4}, 0.5f);
  b.node("MatMul", {"w", "x"}, {"first"});
  b.node("MatMul", {"first", "w"}, {"y"});
  b.output("y", {4, 4});
  const CacheImport imported =
      import("TRT-8601-MinMaxCalibration\nx: 3c010204\nfirst: 3d010204\n", b);
  EXPECT_EQ(imported.report.int8_count, 1);
  ASSERT_EQ(imported.report.float_nodes.size(), 1);
  EXPECT_EQ(imported.report.float_nodes[0].reason, "its first factor is constant");
}

TEST_F(ImportCache, WhatIsMissingIsCalibrated) {
  auto asked = request("TRT-8601-MinMaxCalibration\ndata: 3c008912\n", lenet());
  std::vector<tensor::NamedTensors> samples;
  for (unsigned i = 0; i < 4; ++i) {
    samples.push_back(test_support::random_sample(lenet().model(), i));
  }
  // What the missing tensors are in truth.
  onnx::ModelProto revealing = lenet().model();
  revealing.mutable_graph()->add_output()->set_name("ip1");
  float largest = 0;
  for (const auto& sample : samples) {
    const auto values = test_support::run(revealing, sample);
    for (const float x : values.at("ip1").floats()) largest = std::max(largest, std::abs(x));
  }
  asked.missing_data =
      SampleInput{.list = std::make_shared<test_support::MemorySamples>(std::move(samples))};
  asked.method = "minmax";
  const CacheImport imported = import_cache(asked);
  EXPECT_EQ(imported.report.int8_count, 4);
  EXPECT_THAT(imported.report.missing, IsEmpty());
  const auto rows = by_name(imported.report);
  EXPECT_EQ(rows.at("data")->origin, "cache");
  EXPECT_EQ(rows.at("ip1")->origin, "calibrated");
  EXPECT_NEAR(rows.at("ip1")->scale, largest / 127, largest * 1e-5);
}

TEST_F(ImportCache, OlderOperatorSetsAreBroughtTo13) {
  const CacheImport imported = import(kPublished, lenet(11));
  const onnx::ModelProto model = graph::parse_model(graph_bytes(imported), "out");
  EXPECT_EQ(graph::opset_version(model), 13);
  EXPECT_EQ(imported.report.int8_count, 4);
}

TEST_F(ImportCache, TheImportedModelComputesWhatTheFloatModelDoes) {
  // Scales of samples, not the published ones: the weights are not those of the sample.
  auto asked = request("TRT-8601-MinMaxCalibration\ndata: 3d000000\n", lenet());
  std::vector<tensor::NamedTensors> samples;
  for (unsigned i = 0; i < 4; ++i) {
    samples.push_back(test_support::random_sample(lenet().model(), i));
  }
  const auto sample = samples[0];
  asked.missing_data =
      SampleInput{.list = std::make_shared<test_support::MemorySamples>(std::move(samples))};
  asked.output = path("int8.onnx");
  const CacheImport imported = import_cache(asked);
  const auto before = test_support::run(lenet().model(), sample);
  engine::Session session(engine::ModelSource(path("int8.onnx")));
  EXPECT_GT(test_support::sqnr_db(before.at("prob"), session.run(sample).at("prob")), 20);
}

TEST_F(ImportCache, WhatCannotBeImportedIsRefusedAndNothingWritten) {
  auto asked = request("TRT-8601-EntropyCalibration2\ndata: 3c0089", lenet());
  asked.output = path("int8.onnx");
  EXPECT_THAT(refused(asked).what(), testing::AllOf(HasSubstr("calibration.cache"),
                                                    HasSubstr("line 2"), HasSubstr("cut off")));
  write_file(asked.cache, std::string("TRT-8601-EntropyCalibration2\nDATA: 3c008912\n"));
  EXPECT_THAT(refused(asked).what(), HasSubstr("none of its 1 tensors ('DATA'"));
  write_file(asked.cache, std::string("TRT-8601-EntropyCalibration2\nprob: 3c008912\n"));
  EXPECT_THAT(refused(asked).what(), HasSubstr("nothing would be int8"));
  EXPECT_FALSE(std::filesystem::exists(path("int8.onnx")));
  write_file(asked.cache, std::string(kPublished));
  import_cache(asked);
  asked.model = engine::ModelSource(path("int8.onnx"));
  asked.output.clear();
  EXPECT_THAT(refused(asked).what(), HasSubstr("quantized already"));
  asked.output = asked.cache;
  EXPECT_THROW(import_cache(asked), Error) << "the result would replace the cache";
}

}  // namespace
}  // namespace rangefinder::workflow
