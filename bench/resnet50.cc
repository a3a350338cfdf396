#include "bench/resnet50.h"

#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

namespace rangefinder::bench {
namespace {

/// Normal numbers that are the same with every standard library: SplitMix64 (Steele et al. 2014)
/// and Box-Muller.
class NormalNumbers {
 public:
  float next(double deviation) {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return static_cast<float>(deviation * radius * std::cos(2 * std::numbers::pi * uniform()));
  }

 private:
  double uniform() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
  }

  uint64_t state_ = 50;
};

class Writer {
 public:
  std::string write() {
    model_.set_ir_version(8);
    model_.add_opset_import()->set_version(13);
    graph().set_name("resnet50");
    describe(graph().add_input(), "input", {-1, 3, 224, 224});
    std::string x = conv("input", 3, 64, 7, 2, true);
    auto& pool = node("MaxPool", {x}, "pool");
    ints(pool, "kernel_shape", {3, 3});
    ints(pool, "strides", {2, 2});
    ints(pool, "pads", {1, 1, 1, 1});
    classify(stages("pool"));
    describe(graph().add_output(), "logits", {-1, 1000});
    return model_.SerializeAsString();
  }

 private:
  onnx::GraphProto& graph() { return *model_.mutable_graph(); }

  static void describe(onnx::ValueInfoProto* info, const char* name,
                       const std::vector<int64_t>& shape) {
    info->set_name(name);
    auto* type = info->mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    for (const int64_t d : shape) {
      auto* dimension = type->mutable_shape()->add_dim();
      d < 0 ? dimension->set_dim_param("N") : dimension->set_dim_value(d);
    }
  }

  onnx::NodeProto& node(const char* type, const std::vector<std::string>& inputs,
                        const std::string& output) {
    auto& added = *graph().add_node();
    added.set_op_type(type);
    added.set_name("node_" + output);
    for (const auto& name : inputs) added.add_input(name);
    added.add_output(output);
    return added;
  }

  static void ints(onnx::NodeProto& to, const char* name, const std::vector<int64_t>& values) {
    auto* attribute = to.add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::INTS);
    for (const int64_t value : values) attribute->add_ints(value);
  }

  void weights(const std::string& name, const std::vector<int64_t>& shape, double deviation) {
    auto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    size_t count = 1;
    for (const int64_t d : shape) {
      tensor.add_dims(d);
      count *= static_cast<size_t>(d);
    }
    std::vector<float> values(count);
    for (float& value : values) value = numbers_.next(deviation);
    tensor.set_raw_data(values.data(), values.size() * sizeof(float));
  }

  std::string conv(const std::string& x, int64_t in, int64_t out, int64_t kernel, int64_t stride,
                   bool relu) {
    const int number = conv_count_++;
    const std::string w = fmt::format("w{}", number);
    const std::string b = fmt::format("b{}", number);
    const std::string y = fmt::format("conv{}", number);
    weights(w, {out, in, kernel, kernel},
            std::sqrt(2.0 / static_cast<double>(in * kernel * kernel)));
    weights(b, {out}, 0.1);
    auto& added = node("Conv", {x, w, b}, y);
    const int64_t pad = kernel / 2;
    ints(added, "kernel_shape", {kernel, kernel});
    ints(added, "strides", {stride, stride});
    ints(added, "pads", {pad, pad, pad, pad});
    if (!relu) return y;
    const std::string r = fmt::format("relu{}", number);
    node("Relu", {y}, r);
    return r;
  }

  std::string block(const std::string& x, int64_t in, int64_t width, int64_t stride) {
    std::string y = conv(x, in, width, 1, 1, true);
    y = conv(y, width, width, 3, stride, true);
    y = conv(y, width, 4 * width, 1, 1, false);
    const bool same = in == 4 * width && stride == 1;
    const std::string shortcut = same ? x : conv(x, in, 4 * width, 1, stride, false);
    const std::string sum = fmt::format("sum{}", conv_count_);
    node("Add", {y, shortcut}, sum);
    node("Relu", {sum}, sum + "_relu");
    return sum + "_relu";
  }

  std::string stages(std::string x) {
    struct Stage {
      int blocks;
      int64_t width;
    };
    constexpr std::array<Stage, 4> kStages = {{{3, 64}, {4, 128}, {6, 256}, {3, 512}}};
    int64_t channels = 64;
    for (const Stage& stage : kStages) {
      for (int i = 0; i < stage.blocks; ++i) {
        const int64_t stride = i == 0 && stage.width != 64 ? 2 : 1;
        x = block(x, channels, stage.width, stride);
        channels = 4 * stage.width;
      }
    }
    return x;
  }

  void classify(const std::string& x) {
    node("GlobalAveragePool", {x}, "average");
    node("Flatten", {"average"}, "features");
    weights("fc_w", {2048, 1000}, 0.02);
    weights("fc_b", {1000}, 0.1);
    node("Gemm", {"features", "fc_w", "fc_b"}, "logits");
  }

  onnx::ModelProto model_;
  NormalNumbers numbers_;
  int conv_count_ = 0;
};

}  // namespace

std::string make_resnet50() { return Writer().write(); }

}  // namespace rangefinder::bench
