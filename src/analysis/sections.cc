#include "analysis/sections.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include "graph/attributes.h"
#include "quantization/error_metrics.h"

// The way back from a tensor goes through movers and through Concats of like parts, keeping track
// of which axis of the tensor each axis is there:
//
//     Conv ──┐
//     Sigmoid┴ Concat(1) ─ Reshape ─┐
//     Conv ──┐                      ├ Concat(2) ─ Transpose(0, 2, 1) ─ output [1, 3549, 6]
//     Sigmoid┴ Concat(1) ─ Reshape ─┘
//
// The outer Concat joins two of a kind, so that one of them stands for both; the inner one joins
// what a Conv and a Sigmoid make along axis 1, which is axis 2 of the output.

namespace rangefinder::analysis {
namespace {

using Axes = std::vector<std::optional<size_t>>;

class WayBack {
 public:
  explicit WayBack(const passes::PreparedModel& prepared) : prepared_(prepared) {
    for (const auto& node : prepared.model.graph().node()) {
      for (const auto& output : node.output()) makers_[output] = &node;
    }
  }

  std::optional<Sections> sections_of(std::string tensor) const {
    const auto* shape = shape_of(tensor);
    if (shape == nullptr) return std::nullopt;
    Axes axes;
    for (size_t i = 0; i < shape->size(); ++i) axes.emplace_back(i);
    for (const auto* node = maker(tensor); node != nullptr; node = maker(tensor)) {
      if (node->op_type() == "Concat") {
        if (auto found = split(*node, axes)) return found;
        if (!is_of_one_kind(*node)) return std::nullopt;
      } else if (!is_mover(*node) || !follow(*node, axes)) {
        return std::nullopt;
      }
      tensor = node->input(0);
    }
    return std::nullopt;
  }

 private:
  static bool is_mover(const onnx::NodeProto& node) {
    static constexpr std::array<std::string_view, 6> kTypes = {"Flatten", "Identity",  "Reshape",
                                                               "Squeeze", "Transpose", "Unsqueeze"};
    return std::ranges::find(kTypes, node.op_type()) != kTypes.end();
  }

  const onnx::NodeProto* maker(const std::string& tensor) const {
    const auto found = makers_.find(tensor);
    return found == makers_.end() ? nullptr : found->second;
  }

  const tensor::Shape* shape_of(const std::string& tensor) const {
    const auto found = prepared_.infos.find(tensor);
    if (found == prepared_.infos.end() || !found->second.shape) return nullptr;
    return &*found->second.shape;
  }

  /// The operator that makes it, movers aside; empty for inputs and constants.
  std::string kind(const std::string& tensor) const {
    const auto* node = maker(tensor);
    while (node != nullptr && is_mover(*node)) node = maker(node->input(0));
    return node == nullptr ? std::string() : node->op_type();
  }

  bool is_of_one_kind(const onnx::NodeProto& concat) const {
    const std::string first = kind(concat.input(0));
    return std::ranges::all_of(concat.input(),
                               [&](const auto& part) { return kind(part) == first; });
  }

  /// The sections that a Concat makes; none if its parts are of one kind, or cannot be told apart.
  std::optional<Sections> split(const onnx::NodeProto& concat, const Axes& axes) const {
    if (is_of_one_kind(concat)) return std::nullopt;
    const auto rank = static_cast<int64_t>(axes.size());
    int64_t axis = graph::int_attribute(concat, "axis", 0);
    if (axis < 0) axis += rank;
    if (axis < 0 || axis >= rank || !axes[static_cast<size_t>(axis)]) return std::nullopt;
    Sections found{.axis = *axes[static_cast<size_t>(axis)]};
    std::vector<std::string> kinds;
    for (const auto& part : concat.input()) {
      const auto* shape = shape_of(part);
      if (shape == nullptr || shape->size() != axes.size()) return std::nullopt;
      const int64_t size = (*shape)[static_cast<size_t>(axis)];
      if (size <= 0) return std::nullopt;
      const auto known = std::ranges::find(kinds, kind(part));
      const auto place = static_cast<size_t>(known - kinds.begin());
      if (known == kinds.end()) {
        kinds.push_back(kind(part));
        found.sections.push_back({.name = part});
      }
      found.sections[place].ranges.emplace_back(found.size, found.size + size);
      found.size += size;
    }
    return found;
  }

  /// What the axes are in front of a mover. False if that cannot be told.
  bool follow(const onnx::NodeProto& node, Axes& axes) const {
    if (node.op_type() == "Identity") return true;
    const auto* from = shape_of(node.input(0));
    const auto* to = shape_of(node.output(0));
    if (from == nullptr || to == nullptr || to->size() != axes.size()) return false;
    Axes before(from->size());
    if (node.op_type() == "Transpose") {
      std::vector<int64_t> order = graph::ints_attribute(node, "perm");
      if (order.empty()) {
        order.resize(axes.size());
        std::iota(order.rbegin(), order.rend(), int64_t{0});
      }
      if (order.size() != axes.size() || from->size() != axes.size()) return false;
      for (size_t i = 0; i < order.size(); ++i) before.at(static_cast<size_t>(order[i])) = axes[i];
    } else {
      keep_equal_ends(*from, *to, axes, before);
    }
    axes = std::move(before);
    return true;
  }

  /// A reshaped tensor has the same axes as far as sizes agree from the front, and from the back.
  static void keep_equal_ends(const tensor::Shape& from, const tensor::Shape& to, const Axes& axes,
                              Axes& before) {
    const size_t common = std::min(from.size(), to.size());
    size_t front = 0;
    // An open first dimension is the batch.
    while (front < common && from[front] == to[front] && (from[front] > 0 || front == 0)) {
      before[front] = axes[front];
      ++front;
    }
    for (size_t back = 1; back <= common - front; ++back) {
      const int64_t size = from[from.size() - back];
      if (size <= 0 || size != to[to.size() - back]) break;
      before[from.size() - back] = axes[to.size() - back];
    }
  }

  const passes::PreparedModel& prepared_;
  std::unordered_map<std::string, const onnx::NodeProto*> makers_;
};

}  // namespace

std::map<std::string, Sections> sections_of(const passes::PreparedModel& prepared,
                                            std::span<const std::string> tensors) {
  const WayBack way(prepared);
  std::map<std::string, Sections> result;
  for (const std::string& tensor : tensors) {
    if (auto found = way.sections_of(tensor)) result.emplace(tensor, std::move(*found));
  }
  return result;
}

std::vector<SamplePower> section_powers(const Sections& sections, const tensor::Tensor& real,
                                        const tensor::Tensor& restored) {
  const auto& shape = real.shape();
  if (shape != restored.shape() || sections.axis >= shape.size()) return {};
  if (shape[sections.axis] != sections.size || !tensor::is_floating(real.type())) return {};
  size_t inner = 1;
  for (size_t i = sections.axis + 1; i < shape.size(); ++i) inner *= static_cast<size_t>(shape[i]);
  const tensor::Tensor own = real.to_float32();
  const tensor::Tensor other = restored.to_float32();
  const size_t row = inner * static_cast<size_t>(sections.size);
  std::vector<SamplePower> powers;
  for (const Section& section : sections.sections) {
    quantization::ErrorMetrics metrics;
    for (size_t at = 0; at < own.floats().size(); at += row) {
      for (const auto& [begin, end] : section.ranges) {
        const size_t first = at + static_cast<size_t>(begin) * inner;
        const size_t count = static_cast<size_t>(end - begin) * inner;
        metrics.add(own.floats().subspan(first, count), other.floats().subspan(first, count));
      }
    }
    powers.push_back({metrics.real_power(), metrics.error_power()});
  }
  return powers;
}

}  // namespace rangefinder::analysis
