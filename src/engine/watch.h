#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "engine/instrument.h"
#include "engine/model_source.h"
#include "engine/sample_pass.h"
#include "rangefinder/run_control.h"
#include "tensor/tensor.h"

namespace rangefinder::engine {

/// Sees tensor number `tensor` of those asked for, in sample number `sample` (its place, if it has
/// one), while it is in flight. Called from several threads unless there is one job; what it throws
/// stops the pass, an Error that names no file with the sample's name.
using Watcher =
    std::function<void(size_t tensor, uint64_t sample, const tensor::TensorView& values)>;

/// The same where the tensor may lie in blocks of channels: [N][ceil(C / block)][H][W][block] of an
/// [N, C, H, W] tensor, `values.shape`. The lanes behind the last channel are padding, of any
/// value. With block 1 the tensor is row-major.
using BlockWatcher = std::function<void(size_t tensor, uint64_t sample,
                                        const tensor::TensorView& values, int64_t block)>;

/// Runs the model on all samples, on a session with single-threaded kernels that all workers share
/// (with one job the samples come in their order), and shows the tensors to `watcher`, row-major,
/// as the model knows them: for statistics that ask for more than the values' counts (see
/// observe()). Returns the number of samples. Throws Error when cancelled, and otherwise what went
/// wrong with the first sample in order that failed.
uint64_t watch(const ModelSource& model, std::span<const ObservedTensor> tensors,
               const SampleFeed& feed, const Watcher& watcher, const RunControl& control = {},
               const Stage& stage = {"watch"});

/// The same for a watcher that reads tensors as ONNX Runtime computes them: reordering every tensor
/// would cost up to a quarter of the inference. Row-major if the model cannot be run that way.
uint64_t watch_blocks(const ModelSource& model, std::span<const ObservedTensor> tensors,
                      const SampleFeed& feed, const BlockWatcher& watcher,
                      const RunControl& control = {}, const Stage& stage = {"watch"},
                      const Rests& rests = {});

}  // namespace rangefinder::engine
