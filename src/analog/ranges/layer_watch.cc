// The float model runs once over the data, and the engine shows the tensors that layers read:
//
//   tensor in flight -> sites that read it -> part of it -> rows of the layer -> visitor
//
// One tensor may be read at several sites (two layers on one input), and one layer may have several
// sites (nodes that share a weight). A recurrent node's second matrix reads the states that the
// node makes itself, so its sequence is watched too, and given a name where the model has none.
// A site's rows are not built: a PatchPlan, made once per input shape, tells where in memory they
// lie, in ONNX Runtime's blocks of channels as well as row-major.

#include "analog/ranges/layer_watch.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <stdexcept>

#include "base/error.h"
#include "engine/packed_model.h"
#include "graph/graph.h"

namespace rangefinder::analog {
namespace {

/// The number of a layer, and of a site among that layer's.
struct SiteIndex {
  size_t layer;
  size_t site;
};

/// A tensor in flight, see engine::BlockWatcher.
struct WatchedTensor {
  const tensor::TensorView& view;
  int64_t channel_block;

  /// The elements as they lie in memory, padding included.
  std::span<const float> stored() const {
    if (channel_block == 1) return view.floats();
    const int64_t channels = view.shape.at(1);
    const int64_t filled = (channels + channel_block - 1) / channel_block * channel_block;
    return {static_cast<const float*>(view.data),
            view.element_count() / static_cast<size_t>(channels) * static_cast<size_t>(filled)};
  }

  /// A row-major copy.
  std::vector<float> row_major() const {
    if (view.element_count() == 0) return {};
    const auto block = static_cast<size_t>(channel_block);
    const auto channels = static_cast<size_t>(view.shape.at(1));
    const auto samples = static_cast<size_t>(view.shape.at(0));
    const std::span<const float> values = stored();
    const size_t plane = view.element_count() / samples / channels;
    const size_t sample_size = values.size() / samples;
    std::vector<float> result;
    result.reserve(view.element_count());
    for (size_t i = 0; i < samples * channels; ++i) {
      const size_t channel = i % channels;
      const size_t first =
          i / channels * sample_size + channel / block * plane * block + channel % block;
      for (size_t p = 0; p < plane; ++p) result.push_back(values[first + p * block]);
    }
    return result;
  }
};

/// The rows of `site` in an observed tensor: a copy, unless it is the whole tensor. Those of a
/// convolution stay in the layout they are in.
class SiteValues {
 public:
  SiteValues(const CallSite& site, const WatchedTensor& watched) {
    const tensor::TensorView& view = watched.view;
    if (view.type != tensor::ElementType::kFloat32) {
      throw Error(
          fmt::format("is {}; an analog layer takes float32", tensor::element_name(view.type)),
          {.node = site.node, .tensor = site.tensor});
    }
    values_ = watched.stored();
    if (!site.convolution && watched.channel_block != 1) values_ = copy_ = watched.row_major();
    if (site.part != InputPart::kWhole) copy_part(site, view.shape);
  }

  std::span<const float> values() const { return values_; }

 private:
  void copy_part(const CallSite& site, const tensor::Shape& shape) {
    // [steps, directions, rest] or, for an initial state, [directions, rest].
    const bool has_steps = site.part != InputPart::kInitialState;
    const int64_t steps = has_steps ? shape.at(0) : 1;
    const int64_t directions = shape.at(has_steps ? 1 : 0);
    const int64_t rest = directions == 0 || steps == 0
                             ? 0
                             : static_cast<int64_t>(values_.size()) / steps / directions;
    const int64_t first = site.part == InputPart::kBackwardStates ? 1 : 0;
    const int64_t last = site.part == InputPart::kForwardStates ? steps - 1 : steps;
    for (int64_t step = first; step < last; ++step) {
      const auto begin = static_cast<size_t>((step * directions + site.direction) * rest);
      const auto part = values_.subspan(begin, static_cast<size_t>(rest));
      copy_.insert(copy_.end(), part.begin(), part.end());
    }
    values_ = copy_;
  }

  std::span<const float> values_;
  std::vector<float> copy_;
};

/// The plans of one layer's sites, one for each input shape that was seen.
class PlanCache {
 public:
  explicit PlanCache(const AnalogLayer& layer) : layer_(layer) {}

  std::shared_ptr<const PatchPlan> plan(const CallSite& site, const WatchedTensor& watched) {
    const tensor::Shape& shape = watched.view.shape;
    const int64_t channel_block = site.convolution ? watched.channel_block : 1;
    const PatchGeometry geometry = site.convolution ? convolution_geometry(*site.convolution, shape)
                                                    : linear_geometry(layer_.inputs());
    const std::lock_guard lock(mutex_);
    for (const auto& known : plans_) {
      if (known->geometry == geometry && known->channel_block == channel_block) return known;
    }
    if (plans_.size() >= kMostPlans) plans_.clear();
    plans_.push_back(std::make_shared<PatchPlan>(geometry, layer_.slices(), channel_block));
    return plans_.back();
  }

 private:
  /// Samples of ever new shapes must not make memory grow.
  static constexpr size_t kMostPlans = 32;

  const AnalogLayer& layer_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<const PatchPlan>> plans_;
};

/// Knows which sites read each watched tensor, and shows each its rows.
class LayerWatch {
 public:
  LayerWatch(const AnalogModel& model, const LayerVisitor& visitor)
      : model_(model), visitor_(visitor), float_model_(model.model) {
    name_recurrent_outputs();
    std::map<std::string, size_t> known;
    for (size_t layer = 0; layer < model.layers.size(); ++layer) {
      plans_.push_back(std::make_unique<PlanCache>(model.layers[layer]));
      for (size_t site = 0; site < model.layers[layer].sites.size(); ++site) {
        const std::string tensor = tensor_of(model.layers[layer].sites[site]);
        const auto [place, is_new] = known.try_emplace(tensor, tensors_.size());
        if (is_new) {
          tensors_.push_back({tensor});
          sites_.emplace_back();
        }
        sites_[place->second].push_back({layer, site});
      }
    }
  }

  uint64_t run(const engine::SampleFeed& feed, const RunControl& control,
               const engine::Stage& stage, const engine::Rests& rests) {
    const engine::ModelSource source = engine::pack_model(float_model_, "");
    return engine::watch_blocks(
        source, tensors_, feed,
        [this](size_t tensor, uint64_t sample, const tensor::TensorView& values, int64_t block) {
          for (const SiteIndex& index : sites_[tensor]) show(index, sample, {values, block});
        },
        control, stage, rests);
  }

 private:
  /// A recurrent node whose sequence nobody reads has no name for it; the watch needs one.
  void name_recurrent_outputs() {
    for (onnx::NodeProto& node : *float_model_.mutable_graph()->mutable_node()) {
      const std::string& type = node.op_type();
      if (type != "LSTM" && type != "GRU" && type != "RNN") continue;
      if (node.output_size() == 0) node.add_output("");
      if (node.output(0).empty()) node.set_output(0, "analog_states/" + node.name());
      sequences_[node.name()] = node.output(0);
    }
  }

  std::string tensor_of(const CallSite& site) const {
    const bool is_states =
        site.part == InputPart::kForwardStates || site.part == InputPart::kBackwardStates;
    return is_states ? sequences_.at(site.node) : site.tensor;
  }

  void show(const SiteIndex& index, uint64_t sample, const WatchedTensor& watched) {
    const AnalogLayer& layer = model_.layers[index.layer];
    const CallSite& site = layer.sites[index.site];
    try {
      const SiteValues part(site, watched);
      const auto plan = plans_[index.layer]->plan(site, watched);
      visitor_(index.layer, {sample, index.site}, ActivationMatrix(*plan, part.values()));
    } catch (const std::domain_error& error) {
      throw Error(error.what(), {.node = layer.name, .tensor = tensor_of(site)});
    } catch (const std::invalid_argument& error) {
      throw Error(fmt::format("{} (input {})", error.what(), tensor::to_string(watched.view.shape)),
                  {.node = layer.name, .tensor = tensor_of(site)});
    }
  }

  const AnalogModel& model_;
  const LayerVisitor& visitor_;
  onnx::ModelProto float_model_;
  std::map<std::string, std::string> sequences_;
  std::vector<std::unique_ptr<PlanCache>> plans_;
  std::vector<engine::ObservedTensor> tensors_;
  /// For each observed tensor, the sites that read it.
  std::vector<std::vector<SiteIndex>> sites_;
};

}  // namespace

uint64_t watch_layers(const AnalogModel& model, const engine::SampleFeed& feed,
                      const LayerVisitor& visitor, const RunControl& run,
                      const engine::Stage& stage, const engine::Rests& rests) {
  return LayerWatch(model, visitor).run(feed, run, stage, rests);
}

uint64_t require_samples(uint64_t count) {
  if (count == 0) throw Error("there are no samples; calibration needs at least one");
  return count;
}

}  // namespace rangefinder::analog
