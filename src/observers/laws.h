#pragma once

#include <functional>
#include <memory>
#include <span>

#include "observers/observer.h"

namespace rangefinder::observers {

/// Which laws an observer keeps on these batches, bit for bit in its solution: a test for authors
/// of observers, to compare with what laws() says. A law that it throws on counts as broken.
///
/// split: every batch cut in two along its first axis; order: batches reversed; empty: an empty
/// batch before, between and after; merge (raw batches only): two observers share the last pass and
/// are merged, the earlier passes both have seen. Batches have at least one axis; two or more
/// batches say more. Throws Error if the observer cannot solve the batches as they are.
Laws check_laws(const std::function<std::unique_ptr<Observer>()>& make,
                const quantization::TensorQuantizationConfig& config,
                std::span<const tensor::Tensor> batches);

/// True if every law that is claimed was kept.
bool keeps_its_word(const Laws& claimed, const Laws& kept);

}  // namespace rangefinder::observers
