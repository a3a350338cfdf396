#include "workflow/samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/fingerprint.h"
#include "data/memory_source.h"
#include "data/npy_pipe.h"
#include "data/pipe_stream.h"
#include "graph/model_file.h"

// A list is cut in two by its length before anything is read. A stream is cut while it passes by:
// each sample is held back until it is known whether another one follows, because the last of few
// is held out; held-out samples stay in memory, and every sample goes into the fingerprint that
// statistics remember the data set by.

namespace rangefinder::workflow {
namespace {

using tensor::NamedTensors;

[[noreturn]] void refuse_endless(const data::SampleStream& stream) {
  throw Error(
      fmt::format("more than {} samples; a number of samples is needed if there shall be more",
                  stream.endless_after));
}

std::vector<size_t> first_indices(size_t count, std::optional<size_t> limit) {
  std::vector<size_t> indices(std::min(count, limit.value_or(count)));
  std::iota(indices.begin(), indices.end(), size_t{0});
  return indices;
}

class ListSamples : public Samples {
 public:
  ListSamples(const std::shared_ptr<const data::SampleSource>& source, const SplitOptions& options)
      : fingerprint_(graph::fingerprint(source->fingerprint())) {
    const data::DataSplit split =
        options.held_out
            ? data::DataSplit{first_indices(source->size(), options.samples), {}}
            : data::split_held_out(source->size(), options.samples, options.most_held_out);
    const auto mine = data::select_shard(split.calibration, options.shard);
    calibration_ = data::select_samples(source, mine);
    indices_ = statistics::SampleSet::of({mine.begin(), mine.end()});
    whole_ = statistics::SampleSet::of({split.calibration.begin(), split.calibration.end()});
    held_out_ = options.held_out ? as_list(*options.held_out)
                                 : data::select_samples(source, split.held_out);
  }

  engine::SampleFeed calibration() override { return engine::feed_from(*calibration_); }
  bool can_repeat() const override { return true; }
  bool is_list() const override { return true; }
  size_t calibration_count() const override { return calibration_->size(); }
  std::map<uint64_t, statistics::SampleSet> indices() const override {
    if (indices_.empty()) return {};
    return {{fingerprint_, indices_}};
  }
  std::map<uint64_t, statistics::SampleSet> whole() const override {
    if (whole_ == indices_) return {};
    return {{fingerprint_, whole_}};
  }
  std::shared_ptr<const data::SampleSource> held_out() const override { return held_out_; }

 private:
  uint64_t fingerprint_;
  std::shared_ptr<const data::SampleSource> calibration_;
  statistics::SampleSet indices_;
  statistics::SampleSet whole_;
  std::shared_ptr<const data::SampleSource> held_out_;
};

class StreamSamples : public Samples {
 public:
  StreamSamples(data::SampleStream stream, const SplitOptions& options)
      : stream_(std::move(stream)), limit_(options.samples) {
    if (!options.held_out) most_held_out_ = options.most_held_out;
    if (options.held_out) given_ = as_list(*options.held_out);
  }

  engine::SampleFeed calibration() override {
    if (passes_ > 0) {
      if (!stream_.rewind) throw Error("the samples pass by only once and have done so");
      stream_.rewind();
    }
    ++passes_;
    taken_ = calibrated_ = held_count_ = 0;
    if (!passed_count_) held_.clear();
    fingerprint_ = {};
    pending_.reset();
    advance();
    return [this] { return next(); };
  }
  bool can_repeat() const override { return stream_.rewind != nullptr; }
  size_t calibration_count() const override {
    return passed_count_ ? *passed_count_ : limit_.value_or(0);
  }
  std::map<uint64_t, statistics::SampleSet> indices() const override {
    if (calibrated_ == 0) return {};
    return {{fingerprint_.value(), statistics::SampleSet::from_runs({{0, calibrated_ - 1}})}};
  }
  std::shared_ptr<const data::SampleSource> held_out() const override {
    return given_ ? given_ : std::make_shared<data::MemorySource>(held_);
  }

 private:
  std::optional<engine::PendingSample> next() {
    while (pending_) {
      NamedTensors sample = std::move(*pending_);
      const uint64_t index = taken_++;
      advance();
      if (is_held_out(index)) {
        ++held_count_;
        if (!passed_count_) held_.push_back(std::move(sample));
      } else if (!limit_ || calibrated_ < *limit_) {
        return handed_out(index, std::move(sample));
      }
    }
    passed_count_ = calibrated_;
    return std::nullopt;
  }

  engine::PendingSample handed_out(uint64_t index, NamedTensors sample) {
    ++calibrated_;
    data::add_sample(sample, fingerprint_);
    auto shared = std::make_shared<NamedTensors>(std::move(sample));
    return {fmt::format("sample {}", index),
            [shared](const data::HeaderCheck&) { return std::move(*shared); }};
  }

  /// `pending_` tells by now whether another sample follows.
  bool is_held_out(uint64_t index) const {
    if (held_count_ >= most_held_out_) return false;
    if (limit_) return calibrated_ >= *limit_;
    constexpr uint64_t kOneIn = 10;
    if (index % kOneIn == kOneIn - 1) return true;
    return !pending_ && index > 0 && index < kOneIn;
  }

  bool wants_more() const {
    if (!limit_ || calibrated_ < *limit_) return true;
    return held_count_ < most_held_out_;
  }

  void advance() {
    pending_.reset();
    if (!wants_more()) return;
    if (!limit_ && taken_ >= stream_.endless_after) refuse_endless(stream_);
    pending_ = stream_.next();
  }

  data::SampleStream stream_;
  std::optional<size_t> limit_;
  size_t most_held_out_ = 0;
  std::shared_ptr<const data::SampleSource> given_;
  size_t passes_ = 0;
  std::optional<NamedTensors> pending_;
  uint64_t taken_ = 0;
  uint64_t calibrated_ = 0;
  /// Of a pass that came to its end.
  std::optional<uint64_t> passed_count_;
  /// Of the first pass that came to its end: later ones may be left early.
  std::vector<NamedTensors> held_;
  /// Of this pass.
  uint64_t held_count_ = 0;
  Fingerprint fingerprint_;
};

}  // namespace

SampleInput open_input(const std::vector<std::filesystem::path>& paths,
                       const data::PictureOptions& pictures) {
  if (data::pipe_among(paths)) {
    validate(pictures);
    return {.stream = data::open_pipe(paths), .paths = paths};
  }
  return {.list = data::open_samples(paths, pictures), .paths = paths};
}

std::shared_ptr<const data::SampleSource> as_list(const SampleInput& input,
                                                  std::optional<size_t> limit) {
  if (input.list) {
    if (!limit || *limit >= input.list->size()) return input.list;
    return data::select_samples(input.list, first_indices(input.list->size(), limit));
  }
  std::vector<NamedTensors> samples;
  while (!limit || samples.size() < *limit) {
    if (!limit && samples.size() >= input.stream.endless_after) refuse_endless(input.stream);
    auto sample = input.stream.next();
    if (!sample) break;
    samples.push_back(std::move(*sample));
  }
  return std::make_shared<data::MemorySource>(std::move(samples));
}

std::unique_ptr<Samples> split_samples(const SampleInput& input, const SplitOptions& options) {
  if (options.samples == 0) throw std::invalid_argument("at least 1 sample is needed");
  if (input.list) return std::make_unique<ListSamples>(input.list, options);
  if (options.shard != data::Shard{}) {
    throw std::invalid_argument("a stream cannot be sharded: its samples pass by once");
  }
  return std::make_unique<StreamSamples>(input.stream, options);
}

engine::SampleFeed spread(engine::SampleFeed feed, size_t taken, size_t total) {
  return [feed = std::move(feed), taken, total, next = size_t{0}]() mutable {
    for (;; ++next) {
      auto sample = feed();
      const bool is_taken = total <= taken || (next + 1) * taken / total > next * taken / total;
      if (sample && !is_taken) continue;
      ++next;
      return sample;
    }
  };
}

std::unique_ptr<Samples> all_samples(const SampleInput& input) {
  const SampleInput nothing{.list =
                                std::make_shared<data::MemorySource>(std::vector<NamedTensors>{})};
  return split_samples(input, {.held_out = nothing});
}

}  // namespace rangefinder::workflow
