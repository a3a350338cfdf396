#include "refine/refine_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/parallel.h"
#include "engine/watch.h"
#include "passes/weight_layout.h"
#include "refine/error_factor.h"
#include "refine/gram_matrix.h"
#include "refine/output_error.h"
#include "refine/round_weights.h"

// Nodes that read the same rows of the same tensor form a site. Sites are taken together as far as
// the memory for their rows goes; the model runs over the samples and each site keeps codes of its
// rows, each sample in a place of its own, so that neither workers nor their order matter. Then
// site after site, group after group, the rows become a gram matrix and its factor, by which the
// group's channels are rounded, and the rows of the judging samples say whether a node is better
// off.

namespace rangefinder::refine {
namespace {

bool judges(uint64_t sample) { return sample % 4 == 3; }

/// Rows that several nodes may read.
struct Site {
  std::string tensor;
  InputRows rows;
  InputCodes input;
  /// Places in the list of weights.
  std::vector<size_t> nodes = {};
  /// Of all nodes.
  size_t channels = 0;
  /// By sample number.
  std::vector<SampledRows> samples = {};
  /// Why it cannot be done.
  std::string obstacle = {};

  uint64_t bytes(const RefinementOptions& options) const {
    return uint64_t{options.samples} * options.rows * rows.group_count() * rows.column_count();
  }
  /// What refining takes beside the rows: the gram matrix, and the rows once more as pairs.
  uint64_t work_bytes(const RefinementOptions& options) const {
    const uint64_t columns = rows.column_count();
    return 4 * columns * columns + 3 * options.samples * options.rows * columns;
  }

  /// Multiplications of the nodes' own, over all rows of the samples.
  double products() const {
    return count_rows(&SampledRows::total_count) * columns() * static_cast<double>(channels);
  }
  /// Of the gram matrices (those of codes take half as long), their factors, the rounding and its
  /// losses [weight_rounding.md, Cost].
  double work() const {
    const double square = columns() * columns();
    const double of_group = square * (count_rows(&SampledRows::row_count) / 4 + columns() / 6);
    return of_group * static_cast<double>(rows.group_count()) +
           square * static_cast<double>(channels);
  }

 private:
  double columns() const { return static_cast<double>(rows.column_count()); }
  double count_rows(size_t SampledRows::*count) const {
    double sum = 0;
    for (const SampledRows& sample : samples) sum += static_cast<double>(sample.*count);
    return sum;
  }
};

/// The rows of one group in those samples that judge, or in those that do not.
CodeRows group_rows(const Site& site, size_t group, bool judging) {
  CodeRows rows{site.rows.column_count(), {}, site.input.zero()};
  for (size_t i = 0; i < site.samples.size(); ++i) {
    if (judges(i) != judging) continue;
    const SampledRows& sample = site.samples[i];
    const size_t size = sample.row_count * rows.columns;
    const uint8_t* begin = sample.codes.data() + group * size;
    rows.codes.insert(rows.codes.end(), begin, begin + size);
  }
  return rows;
}

/// A node's weights on their way to new codes.
class Candidate {
 public:
  Candidate(const graph::Graph& graph, const WeightToRefine& weight, const targets::Target& target,
            size_t group_count)
      : weight_(*weight.weight),
        layout_(passes::weight_layout(*weight.node, weight_.shape)),
        reals_(layout_.arrange(passes::read_weight(graph, *weight.node).floats())),
        limits_{passes::weight_limit(*weight.node, weight_.shape, target),
                target.pair_sums_saturate && layout_.adds_pairs},
        channels_(layout_.channels / group_count),
        codes_(layout_.arrange(weight_.codes)),
        errors_(group_count) {}

  void round(size_t group, const SquareMatrix& factor, const CodeRows& judging) {
    ChannelWeights weights = gather(group);
    const ChannelWeights before = weights;
    const std::vector<ChannelLoss> losses = round_weights(factor, limits_, weights);
    int8_t* codes = codes_.data() + first(group);
    for (size_t c = 0; c < channels_; ++c) {
      for (size_t k = 0; k < weights.columns; ++k)
        codes[c * weights.columns + k] = weights.codes[k * channels_ + c];
    }
    errors_[group] = judging.row_count() == 0
                         ? sum(group, losses)
                         : sum(group, output_errors(judging, before, weights.codes));
  }

  /// Takes the new codes if they are better.
  NodeRefinement finish() {
    NodeRefinement result{.node = weight_.node};
    for (const ChannelLoss& error : errors_) {
      result.error_before += error.before;
      result.error_after += error.after;
    }
    if (result.error_before == 0) {
      result.reason = "its weights have no error on its inputs";
    } else if (result.error_after < result.error_before) {
      weight_.codes = layout_.restore(codes_);
    } else {
      result.reason = "other codes are no better on samples that were kept back";
      result.error_after = result.error_before;
    }
    return result;
  }

 private:
  /// Where a group's weights begin in the order of the kernels.
  size_t first(size_t group) const { return group * channels_ * layout_.dot_size; }
  float scale(size_t group, size_t channel) const {
    return weight_.scale.size() == 1 ? weight_.scale[0]
                                     : weight_.scale[group * channels_ + channel];
  }

  ChannelWeights gather(size_t group) const {
    ChannelWeights weights{layout_.dot_size, channels_};
    weights.reals.resize(weights.columns * channels_);
    weights.codes.resize(weights.columns * channels_);
    for (size_t c = 0; c < channels_; ++c) {
      const size_t from = first(group) + c * weights.columns;
      for (size_t k = 0; k < weights.columns; ++k) {
        weights.reals[k * channels_ + c] = reals_[from + k] / scale(group, c);
        weights.codes[k * channels_ + c] = codes_[from + k];
      }
    }
    return weights;
  }

  ChannelLoss sum(size_t group, const std::vector<ChannelLoss>& channels) const {
    ChannelLoss sum;
    for (size_t c = 0; c < channels.size(); ++c) {
      const double step = static_cast<double>(scale(group, c));
      sum.before += step * step * channels[c].before;
      sum.after += step * step * channels[c].after;
    }
    return sum;
  }

  passes::QuantizedWeight& weight_;
  passes::WeightLayout layout_;
  /// In the order of the kernels.
  std::vector<float> reals_;
  CodeLimits limits_;
  /// Of a group.
  size_t channels_;
  /// In the order of the kernels; those of a group that is not rounded stay as they were.
  std::vector<int8_t> codes_;
  std::vector<ChannelLoss> errors_;
};

class Refinement {
 public:
  Refinement(const graph::Graph& graph, const std::vector<WeightToRefine>& weights,
             const targets::Target& target, const RefinementOptions& options)
      : graph_(graph),
        weights_(weights),
        target_(target),
        options_(options),
        free_work_(options.free_work) {
    std::vector<const passes::QuantizedWeight*> codes;
    for (const WeightToRefine& weight : weights) {
      results_.push_back({.node = weight.node->name()});
      codes.push_back(weight.weight);
    }
    const std::vector<size_t> first = passes::first_alike(codes);
    std::map<size_t, size_t> reader_counts;
    for (const size_t place : first) ++reader_counts[place];
    for (size_t i = 0; i < weights.size(); ++i) {
      const size_t readers = reader_counts[first[i]];
      if (readers == 1) {
        add(i);
      } else {
        results_[i].reason =
            fmt::format("its weight is that of {} nodes, which would need one each", readers);
      }
    }
  }

  /// What one pass over the samples can hold; empty: all is done.
  std::vector<Site*> next_batch() {
    std::vector<Site*> batch;
    uint64_t rows = 0;
    uint64_t work = 0;
    for (; next_ < sites_.size(); ++next_) {
      Site& site = *sites_[next_];
      rows += site.bytes(options_);
      work = std::max(work, site.work_bytes(options_));
      if (!batch.empty() && rows + work > options_.memory) break;
      batch.push_back(&site);
    }
    return batch;
  }

  /// As many at the same time as there is memory for.
  void refine(const std::vector<Site*>& batch) {
    if (options_.work_per_product > 0) limit_work(batch);
    uint64_t rows = 0;
    for (const Site* site : batch) rows += site->bytes(options_);
    for (size_t begin = 0; begin < batch.size();) {
      size_t end = begin;
      for (uint64_t work = rows; end < batch.size(); ++end) {
        work += batch[end]->work_bytes(options_);
        if (end > begin && work > options_.memory) break;
      }
      parallel_for(end - begin, [&](size_t i) { refine(*batch[begin + i]); });
      begin = end;
    }
  }

  std::vector<NodeRefinement> results() { return std::move(results_); }

 private:
  /// Those that take least for their size come first.
  void limit_work(std::vector<Site*> batch) {
    for (const Site* site : batch) free_work_ += options_.work_per_product * site->products();
    std::ranges::stable_sort(
        batch, {}, [](const Site* site) { return site->work() / std::max(1.0, site->products()); });
    for (Site* site : batch) {
      if (!site->obstacle.empty()) continue;
      if (site->work() > free_work_) {
        site->obstacle = "it takes long for so few samples; the effort 'thorough' does it";
      } else {
        free_work_ -= site->work();
      }
    }
  }

  void refine(Site& site) {
    const auto finished = [&](const std::string& reason) {
      for (const size_t node : site.nodes) results_[node].reason = reason;
      site.samples = {};
    };
    const bool has_rows = std::any_of(site.samples.begin(), site.samples.end(),
                                      [](const SampledRows& rows) { return rows.row_count > 0; });
    if (!site.obstacle.empty()) return finished(site.obstacle);
    if (!has_rows) return finished("it has seen no data");
    std::vector<Candidate> candidates;
    for (const size_t node : site.nodes)
      candidates.emplace_back(graph_, weights_[node], target_, site.rows.group_count());
    parallel_for(site.rows.group_count(), [&](size_t group) { round(site, group, candidates); });
    for (size_t i = 0; i < candidates.size(); ++i) results_[site.nodes[i]] = candidates[i].finish();
    site.samples = {};
  }

  void add(size_t index) {
    const WeightToRefine& weight = weights_[index];
    try {
      Site site{weight.node->input(0), {*weight.node, weight.weight->shape}, weight.input};
      require_size(site);
      const std::string key = fmt::format("{} of {}", site.rows.key(), site.tensor);
      const auto [known, is_new] = site_of_.try_emplace(key, sites_.size());
      if (is_new) sites_.push_back(std::make_unique<Site>(std::move(site)));
      Site& shared = *sites_[known->second];
      shared.nodes.push_back(index);
      shared.channels += passes::weight_layout(*weight.node, weight.weight->shape).channels;
    } catch (const std::invalid_argument& error) {
      results_[index].reason = error.what();
    }
  }

  void require_size(const Site& site) const {
    const size_t columns = site.rows.column_count();
    if (columns > options_.most_columns) {
      throw std::invalid_argument(fmt::format("an output sums over {} products; allowed: {}",
                                              columns, options_.most_columns));
    }
    const uint64_t bytes = site.bytes(options_) + site.work_bytes(options_);
    if (bytes <= options_.memory) return;
    throw std::invalid_argument(
        fmt::format("its rows take {} MB; allowed: {}", bytes >> 20, options_.memory >> 20));
  }

  static void round(const Site& site, size_t group, std::vector<Candidate>& candidates) {
    SquareMatrix matrix = gram_matrix(group_rows(site, group, false));
    // Where the input is always 0 any code will do.
    if (!factorize(matrix)) return;
    const CodeRows judging = group_rows(site, group, true);
    for (Candidate& candidate : candidates) candidate.round(group, matrix, judging);
  }

  const graph::Graph& graph_;
  const std::vector<WeightToRefine>& weights_;
  const targets::Target& target_;
  const RefinementOptions& options_;
  std::vector<std::unique_ptr<Site>> sites_;
  std::map<std::string, size_t> site_of_;
  size_t next_ = 0;
  /// Multiplications that are still allowed.
  double free_work_;
  std::vector<NodeRefinement> results_;
};

/// Fills the sites of a batch while the model runs.
class RowCollector {
 public:
  RowCollector(const std::vector<Site*>& batch, const RefinementOptions& options)
      : options_(options) {
    std::map<std::string, size_t> places;
    for (Site* site : batch) {
      site->samples.resize(options.samples);
      const auto [place, is_new] = places.try_emplace(site->tensor, tensors_.size());
      if (is_new) {
        tensors_.push_back({.name = site->tensor});
        readers_.emplace_back();
      }
      readers_[place->second].push_back(site);
    }
  }

  const std::vector<engine::ObservedTensor>& tensors() const { return tensors_; }

  /// Samples of one number come one after the other, those of different ones at the same time.
  void collect(size_t tensor, uint64_t sample, const tensor::TensorView& values) {
    for (Site* site : readers_[tensor]) {
      const size_t most = judges(sample) ? (options_.rows + 3) / 4 : options_.rows;
      try {
        auto rows = site->rows.sample(values, site->input, row_seed(site->tensor, sample), most);
        if (!rows) throw std::invalid_argument("its input holds NaN or infinity");
        site->samples.at(sample) = std::move(*rows);
      } catch (const std::invalid_argument& error) {
        const std::lock_guard lock(mutex_);
        // Of several samples the same one's words, whichever comes first.
        const auto [place, is_new] = first_bad_.try_emplace(site, sample);
        if (!is_new && place->second <= sample) continue;
        place->second = sample;
        site->obstacle = error.what();
      }
    }
  }

 private:
  const RefinementOptions& options_;
  std::vector<engine::ObservedTensor> tensors_;
  std::vector<std::vector<Site*>> readers_;
  std::mutex mutex_;
  std::map<Site*, uint64_t> first_bad_;
};

/// The first `count` samples.
engine::SampleFeed first_of(engine::SampleFeed feed, size_t count) {
  return [feed = std::move(feed), count, given = size_t{0}]() mutable {
    return given++ < count ? feed() : std::nullopt;
  };
}

}  // namespace

std::vector<NodeRefinement> refine_weights(const graph::Graph& graph,
                                           const engine::ModelSource& model,
                                           const std::vector<WeightToRefine>& weights,
                                           const targets::Target& target,
                                           const std::function<engine::SampleFeed()>& samples,
                                           const RunControl& run,
                                           const RefinementOptions& options) {
  if (options.samples * options.rows > kMostGramRows) {
    throw std::invalid_argument(fmt::format("{} samples of {} rows; allowed: {} rows",
                                            options.samples, options.rows, kMostGramRows));
  }
  const CoreLimit cores(static_cast<size_t>(std::max(0, run.jobs)));
  Refinement refinement(graph, weights, target, options);
  for (auto batch = refinement.next_batch(); !batch.empty(); batch = refinement.next_batch()) {
    RowCollector collector(batch, options);
    engine::watch(model, collector.tensors(), first_of(samples(), options.samples),
                  [&](size_t tensor, uint64_t sample, const tensor::TensorView& values) {
                    collector.collect(tensor, sample, values);
                  },
                  run, {"refine", options.samples});
    refinement.refine(batch);
  }
  return refinement.results();
}

}  // namespace rangefinder::refine
