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
#include "base/process.h"
#include "engine/watch.h"
#include "passes/weight_layout.h"
#include "refine/error_factor.h"
#include "refine/gram_matrix.h"
#include "refine/output_error.h"
#include "refine/round_weights.h"
#include "refine/weight_site.h"

// Nodes that read the same rows of the same tensor form a site, and so do nodes that read one
// weight. Sites are taken together as far as the memory for their rows goes; the model runs over
// the samples and each site keeps codes of its rows, each sample in a place of its own, so that
// neither workers nor their order matter. Then site after site, group after group, the rows become
// a gram matrix and its factor, by which the group's channels are rounded, and the rows of the
// judging samples say whether a node is better off.

namespace rangefinder::refine {
namespace {

RowCounts counts_of(const RefinementOptions& options) { return {options.samples, options.rows}; }

/// The largest code that all readers of a weight may have.
int limit_of(const std::vector<WeightToRefine>& readers, const targets::Target& target) {
  int least = 127;
  for (const WeightToRefine& reader : readers) {
    least = std::min(least, passes::weight_limit(*reader.node, reader.weight->shape, target));
  }
  return least;
}

/// Rows that judge, and what an error at one of them counts.
struct Judging {
  CodeRows rows;
  double share;
};

std::vector<Judging> judging_rows(const WeightSite& site, size_t group) {
  std::vector<Judging> all;
  for (size_t i = 0; i < site.sources.size(); ++i) {
    CodeRows rows = site.sources[i].group_rows(group, true);
    if (rows.row_count() > 0) all.push_back({std::move(rows), site.share(i)});
  }
  return all;
}

/// A weight on its way to new codes, which all of its readers get.
class Candidate {
 public:
  Candidate(const graph::Graph& graph, std::vector<WeightToRefine> readers,
            const targets::Target& target, size_t group_count)
      : readers_(std::move(readers)),
        weight_(*readers_.front().weight),
        layout_(passes::weight_layout(*readers_.front().node, weight_.shape)),
        reals_(layout_.arrange(passes::read_weight(graph, *readers_.front().node).floats())),
        limits_{limit_of(readers_, target), target.pair_sums_saturate && layout_.adds_pairs},
        channels_(layout_.channels * layout_.dots / group_count),
        codes_(layout_.arrange(weight_.codes)),
        errors_(group_count) {}

  void round(size_t group, const SquareMatrix& factor, const std::vector<Judging>& judging) {
    ChannelWeights weights = gather(group);
    std::vector<int8_t> others = weights.codes;
    const std::vector<ChannelLoss> losses = round_weights(factor, limits_, weights);
    int8_t* codes = codes_.data() + first(group);
    for (size_t c = 0; c < channels_; ++c) {
      for (size_t k = 0; k < weights.columns; ++k)
        codes[c * weights.columns + k] = weights.codes[k * channels_ + c];
    }
    if (judging.empty()) add(group, losses, 1);
    std::swap(others, weights.codes);
    for (const Judging& rows : judging) {
      add(group, output_errors(rows.rows, weights, others), rows.share);
    }
  }

  /// Takes the new codes if they are better.
  NodeRefinement finish() {
    NodeRefinement result;
    for (const ChannelLoss& error : errors_) {
      result.error_before += error.before;
      result.error_after += error.after;
    }
    if (result.error_before == 0) {
      result.reason = "its weights have no error on its inputs";
    } else if (result.error_after < result.error_before) {
      const std::vector<int8_t> codes = layout_.restore(codes_);
      for (const WeightToRefine& reader : readers_) reader.weight->codes = codes;
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
    return weight_.scale_of((group * channels_ + channel) / layout_.dots);
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

  void add(size_t group, const std::vector<ChannelLoss>& channels, double share) {
    ChannelLoss& sum = errors_[group];
    for (size_t c = 0; c < channels.size(); ++c) {
      const double step = static_cast<double>(scale(group, c));
      sum.before += share * step * step * channels[c].before;
      sum.after += share * step * step * channels[c].after;
    }
  }

  std::vector<WeightToRefine> readers_;
  const passes::QuantizedWeight& weight_;
  passes::WeightLayout layout_;
  /// In the order of the kernels.
  std::vector<float> reals_;
  CodeLimits limits_;
  /// Outputs of a group, each with a dot product of its own.
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
    std::map<size_t, std::vector<size_t>> readers;
    for (size_t i = 0; i < weights.size(); ++i) readers[first[i]].push_back(i);
    for (const auto& [place, nodes] : readers) add(nodes);
    // The largest last, so that the rows of many others need not share the memory with them.
    std::ranges::stable_sort(
        sites_, {}, [&](const auto& site) { return site->work_bytes(counts_of(options_)); });
  }

  /// What one pass over the samples can hold; empty: all is done.
  std::vector<WeightSite*> next_batch() {
    std::vector<WeightSite*> batch;
    uint64_t rows = 0;
    uint64_t work = 0;
    for (; next_ < sites_.size(); ++next_) {
      WeightSite& site = *sites_[next_];
      rows += site.bytes(counts_of(options_));
      work = std::max(work, site.work_bytes(counts_of(options_)));
      if (!batch.empty() && rows + work > options_.memory) break;
      batch.push_back(&site);
    }
    return batch;
  }

  /// As many at the same time as there is memory for.
  void refine(const std::vector<WeightSite*>& batch) {
    if (options_.work_per_product > 0) limit_work(batch);
    uint64_t rows = 0;
    for (const WeightSite* site : batch) rows += site->bytes(counts_of(options_));
    for (size_t begin = 0; begin < batch.size();) {
      size_t end = begin;
      for (uint64_t work = rows; end < batch.size(); ++end) {
        work += batch[end]->work_bytes(counts_of(options_));
        if (end > begin && work > options_.memory) break;
      }
      parallel_for(end - begin, [&](size_t i) { refine(*batch[begin + i]); });
      begin = end;
    }
  }

  std::vector<NodeRefinement> results() { return std::move(results_); }

 private:
  /// Those that take least for their size come first.
  void limit_work(std::vector<WeightSite*> batch) {
    for (const WeightSite* site : batch) free_work_ += options_.work_per_product * site->products();
    std::ranges::stable_sort(batch, {}, [](const WeightSite* site) {
      return site->work() / std::max(1.0, site->products());
    });
    for (WeightSite* site : batch) {
      if (!site->obstacle.empty()) continue;
      if (site->work() > free_work_) {
        site->obstacle = "it takes long for so few samples; the effort 'thorough' does it";
      } else {
        free_work_ -= site->work();
      }
    }
  }

  void refine(WeightSite& site) {
    if (!site.obstacle.empty()) {
      leave(site, site.obstacle);
    } else if (!site.has_rows()) {
      leave(site, "it has seen no data");
    } else {
      round(site);
    }
    for (RowSource& source : site.sources) source.samples = {};
  }

  void leave(const WeightSite& site, const std::string& reason) {
    for (const auto& nodes : site.weights) leave(nodes, reason);
  }
  void leave(const std::vector<size_t>& nodes, const std::string& reason) {
    for (const size_t node : nodes) results_[node].reason = reason;
  }

  void round(const WeightSite& site) {
    std::vector<Candidate> candidates;
    for (const auto& nodes : site.weights)
      candidates.emplace_back(graph_, readers_of(nodes), target_, site.group_count());
    parallel_for(site.group_count(), [&](size_t group) { round(site, group, candidates); });
    for (size_t i = 0; i < candidates.size(); ++i) {
      NodeRefinement result = candidates[i].finish();
      for (const size_t node : site.weights[i]) {
        result.node = std::move(results_[node].node);
        results_[node] = result;
      }
    }
  }

  static void round(const WeightSite& site, size_t group, std::vector<Candidate>& candidates) {
    SquareMatrix matrix = site.gram(group);
    // Where the input is always 0 any code will do.
    if (!factorize(matrix)) return;
    const std::vector<Judging> judging = judging_rows(site, group);
    for (Candidate& candidate : candidates) candidate.round(group, matrix, judging);
  }

  std::vector<WeightToRefine> readers_of(const std::vector<size_t>& nodes) const {
    std::vector<WeightToRefine> readers;
    for (const size_t node : nodes) readers.push_back(weights_[node]);
    return readers;
  }

  /// A weight with the nodes that read it.
  void add(const std::vector<size_t>& nodes) {
    try {
      std::vector<RowSource> sources;
      for (const WeightToRefine& reader : readers_of(nodes)) {
        sources.push_back(
            {reader.node->input(0), {*reader.node, reader.weight->shape}, reader.input});
      }
      WeightSite site(std::move(sources));
      require_one_weight(nodes);
      require_size(site);
      const auto [known, is_new] = site_of_.try_emplace(site.key(), sites_.size());
      if (is_new) sites_.push_back(std::make_unique<WeightSite>(std::move(site)));
      WeightSite& shared = *sites_[known->second];
      shared.weights.push_back(nodes);
      const WeightToRefine& first = weights_[nodes.front()];
      const auto layout = passes::weight_layout(*first.node, first.weight->shape);
      shared.channels += layout.channels * layout.dots;
    } catch (const std::invalid_argument& error) {
      leave(nodes, error.what());
    }
  }

  /// Weights may be others and have the same codes by chance, or lie in another order.
  void require_one_weight(const std::vector<size_t>& nodes) const {
    if (nodes.size() == 1) return;
    const auto arranged = [&](size_t place) {
      const WeightToRefine& reader = weights_[place];
      const auto layout = passes::weight_layout(*reader.node, reader.weight->shape);
      return layout.arrange(passes::read_weight(graph_, *reader.node).floats());
    };
    const std::vector<float> first = arranged(nodes.front());
    for (const size_t node : nodes) {
      if (arranged(node) == first) continue;
      throw std::invalid_argument("it has the codes of another weight");
    }
  }

  void require_size(const WeightSite& site) const {
    const size_t columns = site.column_count();
    if (columns > options_.most_columns) {
      throw std::invalid_argument(fmt::format("an output sums over {} products; allowed: {}",
                                              columns, options_.most_columns));
    }
    const RowCounts counts = counts_of(options_);
    const uint64_t bytes = site.bytes(counts) + site.work_bytes(counts);
    if (bytes <= options_.memory) return;
    throw std::invalid_argument(
        fmt::format("its rows take {} MB; allowed: {}", bytes >> 20, options_.memory >> 20));
  }

  const graph::Graph& graph_;
  const std::vector<WeightToRefine>& weights_;
  const targets::Target& target_;
  const RefinementOptions& options_;
  std::vector<std::unique_ptr<WeightSite>> sites_;
  std::map<std::string, size_t> site_of_;
  size_t next_ = 0;
  /// Multiplications that are still allowed.
  double free_work_;
  std::vector<NodeRefinement> results_;
};

/// Fills the sites of a batch while the model runs.
class RowCollector {
 public:
  RowCollector(const std::vector<WeightSite*>& batch, const RefinementOptions& options)
      : counts_(counts_of(options)) {
    std::map<std::string, size_t> places;
    for (WeightSite* site : batch) {
      for (RowSource& source : site->sources) {
        source.samples.resize(options.samples);
        const auto [place, is_new] = places.try_emplace(source.tensor, tensors_.size());
        if (is_new) {
          tensors_.push_back({.name = source.tensor});
          readers_.emplace_back();
        }
        readers_[place->second].push_back({site, &source});
      }
    }
  }

  const std::vector<engine::ObservedTensor>& tensors() const { return tensors_; }

  /// Samples of one number come one after the other, those of different ones at the same time.
  void collect(size_t tensor, uint64_t sample, const tensor::TensorView& values) {
    for (const Reader& reader : readers_[tensor]) {
      const RowSource& source = *reader.source;
      const size_t most = reader.site->rows_of_sample(counts_, sample);
      try {
        auto rows = source.rows.sample(values, source.input, row_seed(source.tensor, sample), most);
        if (!rows) throw std::invalid_argument("its input holds NaN or infinity");
        reader.source->samples.at(sample) = std::move(*rows);
      } catch (const std::invalid_argument& error) {
        refuse(*reader.site, sample, error.what());
      }
    }
  }

 private:
  struct Reader {
    WeightSite* site;
    RowSource* source;
  };

  /// Of several samples the same one's words, whichever comes first.
  void refuse(WeightSite& site, uint64_t sample, const char* reason) {
    const std::lock_guard lock(mutex_);
    const auto [place, is_new] = first_bad_.try_emplace(&site, sample);
    if (!is_new && place->second <= sample) return;
    place->second = sample;
    site.obstacle = reason;
  }

  RowCounts counts_;
  std::vector<engine::ObservedTensor> tensors_;
  std::vector<std::vector<Reader>> readers_;
  std::mutex mutex_;
  std::map<WeightSite*, uint64_t> first_bad_;
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
    return_free_memory();  // What the model took to run.
    refinement.refine(batch);
  }
  return refinement.results();
}

}  // namespace rangefinder::refine
