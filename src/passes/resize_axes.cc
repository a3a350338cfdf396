#include "passes/resize_axes.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "graph/attributes.h"
#include "graph/constants.h"
#include "graph/graph.h"

// Resize with axes = [3, 2], scales = [2, 4] on four dimensions is Resize with scales = [1, 1, 4,
// 2]; sizes take the input's own dimensions for the axes that are not named, and roi, which holds
// all starts and then all ends, 0 and 1.

namespace rangefinder::passes {
namespace {

constexpr int kRoi = 1;
constexpr int kScales = 2;
constexpr int kSizes = 3;

bool has_input(const onnx::NodeProto& node, int input) {
  return node.input_size() > input && !node.input(input).empty();
}

class ResizeWriter {
 public:
  ResizeWriter(graph::Graph& graph, TensorInfos& infos, onnx::NodeProto& resize)
      : graph_(graph), infos_(infos), resize_(resize) {}

  void write() {
    const auto info = infos_.find(resize_.input(0));
    if (info == infos_.end() || !info->second.shape) return;
    shape_ = *info->second.shape;
    axes_ = graph::ints_attribute(resize_, "axes");
    for (int64_t& axis : axes_) axis += axis < 0 ? rank() : 0;
    if (!has_plain_sizes() && !resolve_aspect_ratio()) return;
    if (has_input(resize_, kRoi)) spread_roi();
    if (has_input(resize_, kScales)) {
      spread(kScales, ones(static_cast<size_t>(rank())), axes_);
    } else if (has_input(resize_, kSizes)) {
      spread_sizes();
    }
    graph::remove_attribute(resize_, "axes");
  }

 private:
  int64_t rank() const { return static_cast<int64_t>(shape_.size()); }

  static std::vector<float> ones(size_t count) { return std::vector<float>(count, 1.0f); }

  bool has_plain_sizes() const {
    return !has_input(resize_, kSizes) ||
           graph::string_attribute(resize_, "keep_aspect_ratio_policy", "stretch") == "stretch";
  }

  /// Writes the one scale of all axes, by which ONNX Runtime also interpolates. False if it is not
  /// known, or if sizes come out that scales cannot ask for: those are rounded half up, these down.
  bool resolve_aspect_ratio() {
    const auto* constant = graph_.initializer(resize_.input(kSizes));
    if (constant == nullptr) return false;
    const std::vector<int64_t> sizes = graph::read_int64s(*constant);
    const bool fits_inside =
        graph::string_attribute(resize_, "keep_aspect_ratio_policy", "") == "not_larger";
    std::optional<float> scale;
    for (size_t i = 0; i < sizes.size(); ++i) {
      const int64_t dimension = shape_[static_cast<size_t>(axes_[i])];
      if (dimension <= 0) return false;
      const float wanted = static_cast<float>(sizes[i]) / static_cast<float>(dimension);
      if (!scale) scale = wanted;
      scale = fits_inside ? std::min(*scale, wanted) : std::max(*scale, wanted);
    }
    if (!scale || !gives_the_same_sizes(*scale)) return false;
    const std::vector<float> scales(sizes.size(), *scale);
    const auto count = static_cast<int64_t>(scales.size());
    graph_.set_input(resize_, kScales,
                     graph_.add_initializer(graph::make_floats(fresh("scales"), {count}, scales)));
    graph_.set_input(resize_, kSizes, "");
    graph::remove_attribute(resize_, "keep_aspect_ratio_policy");
    return true;
  }

  bool gives_the_same_sizes(float scale) const {
    return std::all_of(axes_.begin(), axes_.end(), [&](int64_t axis) {
      const float size = scale * static_cast<float>(shape_[static_cast<size_t>(axis)]);
      return std::floor(size) == std::floor(size + 0.5f);
    });
  }

  std::string fresh(const std::string& what) const {
    return graph_.fresh_name(resize_.output(0) + "_" + what);
  }

  void spread_roi() {
    std::vector<float> whole(2 * shape_.size(), 0.0f);
    std::fill(whole.begin() + rank(), whole.end(), 1.0f);
    std::vector<int64_t> places = axes_;
    for (const int64_t axis : axes_) places.push_back(axis + rank());
    spread(kRoi, whole, places);
  }

  /// Writes the input's values over those of `whole` at `places`.
  void spread(int input, std::vector<float> whole, const std::vector<int64_t>& places) {
    const auto* constant = graph_.initializer(resize_.input(input));
    const auto count = static_cast<int64_t>(whole.size());
    if (constant == nullptr) {
      const std::string base =
          graph_.add_initializer(graph::make_floats(fresh("whole"), {count}, whole));
      scatter(input, base, places);
      return;
    }
    const tensor::Tensor value = graph::read_constant(*constant).to_float32();
    const size_t given = std::min(places.size(), value.element_count());
    for (size_t i = 0; i < given; ++i) whole[static_cast<size_t>(places[i])] = value.floats()[i];
    graph_.set_input(resize_, input,
                     graph_.add_initializer(graph::make_floats(fresh("whole"), {count}, whole)));
  }

  void spread_sizes() {
    const auto* constant = graph_.initializer(resize_.input(kSizes));
    std::vector<int64_t> whole(shape_.begin(), shape_.end());
    if (constant != nullptr) {
      const std::vector<int64_t> sizes = graph::read_int64s(*constant);
      for (size_t i = 0; i < std::min(axes_.size(), sizes.size()); ++i) {
        whole[static_cast<size_t>(axes_[i])] = sizes[i];
      }
    }
    const bool is_known = constant != nullptr &&
                          std::all_of(whole.begin(), whole.end(), [](int64_t d) { return d >= 0; });
    if (is_known) {
      graph_.set_input(resize_, kSizes,
                       graph_.add_initializer(graph::make_int64s(fresh("sizes"), whole)));
      return;
    }
    const std::string shape = fresh("shape");
    graph_.add_node("Shape", graph_.fresh_name(resize_.name() + "_shape"), {resize_.input(0)},
                    {shape});
    infos_[shape] = {tensor::ElementType::kInt64, tensor::Shape{rank()}};
    scatter(kSizes, shape, axes_);
  }

  void scatter(int input, const std::string& base, const std::vector<int64_t>& places) {
    const std::string indices = graph_.add_initializer(graph::make_int64s(fresh("places"), places));
    const std::string all = fresh("all");
    graph_.add_node("ScatterElements", graph_.fresh_name(resize_.name() + "_all"),
                    {base, indices, resize_.input(input)}, {all});
    const bool is_sizes = input == kSizes;
    infos_[all] = {is_sizes ? tensor::ElementType::kInt64 : tensor::ElementType::kFloat32,
                   tensor::Shape{input == kRoi ? 2 * rank() : rank()}};
    graph_.set_input(resize_, input, all);
  }

  graph::Graph& graph_;
  TensorInfos& infos_;
  onnx::NodeProto& resize_;
  tensor::Shape shape_;
  std::vector<int64_t> axes_;
};

}  // namespace

void write_all_axes(onnx::ModelProto& model, TensorInfos& infos) {
  graph::Graph graph(model);
  const int count = graph.message().node_size();
  for (int i = 0; i < count; ++i) {
    onnx::NodeProto& node = *graph.message().mutable_node(i);
    if (node.op_type() != "Resize" || !node.domain().empty()) continue;
    if (graph::find_attribute(node, "axes")) ResizeWriter(graph, infos, node).write();
  }
  graph.finish();
}

}  // namespace rangefinder::passes
