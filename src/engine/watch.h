#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "data/sample_source.h"
#include "engine/instrument.h"
#include "engine/model_source.h"
#include "tensor/tensor.h"

namespace rangefinder::engine {

/// A sample that is still to be read.
struct PendingSample {
  /// What errors call it: its file.
  std::string name;
  /// Called once, by the worker that runs the sample. Throws Error.
  std::function<tensor::NamedTensors()> read;
};

/// Hands out the next sample, or nothing at the end. Called by one thread at a time.
using SampleFeed = std::function<std::optional<PendingSample>()>;

/// The samples of a data set in their order, read by the worker that runs them; the first `limit`
/// of them. `source` must outlive the feed.
SampleFeed feed_from(const data::SampleSource& source, std::optional<uint64_t> limit = {});

/// Sees tensor number `tensor` of those asked for, in sample number `sample`, while it is in
/// flight. Called from several threads unless there is one job; what it throws stops the pass, an
/// Error that names no file with the sample's name.
using Watcher =
    std::function<void(size_t tensor, uint64_t sample, const tensor::TensorView& values)>;

/// The same where the tensor may lie in blocks of channels: [N][ceil(C / block)][H][W][block] of an
/// [N, C, H, W] tensor, `values.shape`. The lanes behind the last channel are padding, of any
/// value. With block 1 the tensor is row-major.
using BlockWatcher = std::function<void(size_t tensor, uint64_t sample,
                                        const tensor::TensorView& values, int64_t block)>;

struct WatchOptions {
  /// Workers, which share a session with single-threaded kernels; 0: one per core. With 1 the
  /// samples come in their order.
  int jobs = 0;
  /// Called after each sample with the samples done; one call at a time, from any worker.
  std::function<void(uint64_t done)> progress = {};
  /// Set it to stop before the next sample.
  const std::atomic<bool>* cancelled = nullptr;
};

/// Runs the model on all samples and shows the tensors to `watcher`, row-major, as the model
/// knows them: for statistics that ask for more than the values' counts (see observe()).
/// Returns the number of samples. Throws Error when cancelled, and otherwise what went wrong with
/// the first sample in order that failed.
uint64_t watch(const ModelSource& model, std::span<const ObservedTensor> tensors,
               const SampleFeed& feed, const Watcher& watcher, const WatchOptions& options = {});

/// The same for a watcher that reads tensors as ONNX Runtime computes them: reordering every tensor
/// would cost up to a quarter of the inference. Row-major if the model cannot be run that way.
uint64_t watch_blocks(const ModelSource& model, std::span<const ObservedTensor> tensors,
                      const SampleFeed& feed, const BlockWatcher& watcher,
                      const WatchOptions& options = {});

}  // namespace rangefinder::engine
