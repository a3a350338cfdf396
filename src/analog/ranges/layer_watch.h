#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "analog/activations/activation_matrix.h"
#include "analog/layers/analog_model.h"
#include "analog/ranges/range_method.h"
#include "engine/watch.h"

namespace rangefinder::analog {

/// Sees one call of layer number `layer`. May be called from several threads.
using LayerVisitor =
    std::function<void(size_t layer, const CallId& call, const ActivationMatrix& activations)>;

/// Runs the float model of `model` over the data and shows every call of every layer, in flight:
/// the one pass that calibration, and the count of clipped inputs, are made of.
///
/// Activations are those of the float model: no upstream layer is clipped.
/// Returns the number of samples. Throws Error: NaN or infinity (std::domain_error of
/// the visitor), naming layer and tensor; see engine::watch().
uint64_t watch_layers(const AnalogModel& model, const engine::SampleFeed& feed,
                      const LayerVisitor& visitor, const RunControl& run,
                      const engine::Stage& stage = {"watch"}, const engine::Rests& rests = {});

/// The same number. Throws Error if it is 0.
uint64_t require_samples(uint64_t count);

}  // namespace rangefinder::analog
