#include "observers/laws.h"

#include <algorithm>
#include <exception>
#include <vector>

#include "observers/run.h"

namespace rangefinder::observers {
namespace {

using Batches = std::vector<tensor::Tensor>;
using Maker = std::function<std::unique_ptr<Observer>()>;
using Parameters = std::vector<quantization::AffineParameters>;
using quantization::TensorQuantizationConfig;

tensor::Tensor rows(const tensor::Tensor& batch, int64_t begin, int64_t end) {
  tensor::Shape shape = batch.shape();
  const size_t row = shape[0] == 0 ? 0 : batch.element_count() / static_cast<size_t>(shape[0]);
  shape[0] = end - begin;
  return tensor::Tensor::from_floats(
      shape, batch.floats().subspan(static_cast<size_t>(begin) * row,
                                    static_cast<size_t>(end - begin) * row));
}

Batches cut_in_two(std::span<const tensor::Tensor> batches) {
  Batches result;
  for (const tensor::Tensor& batch : batches) {
    const int64_t length = batch.shape().at(0);
    if (length < 2) {
      result.push_back(batch);
      continue;
    }
    result.push_back(rows(batch, 0, length / 2));
    result.push_back(rows(batch, length / 2, length));
  }
  return result;
}

Batches with_empty_ones(std::span<const tensor::Tensor> batches) {
  Batches result;
  for (const tensor::Tensor& batch : batches) {
    result.push_back(rows(batch, 0, 0));
    result.push_back(batch);
  }
  if (!batches.empty()) result.push_back(rows(batches.back(), 0, 0));
  return result;
}

// Both see all batches but in the last pass, which they share.
Parameters merged(const Maker& make, std::span<const tensor::Tensor> batches) {
  const auto first = make();
  const auto second = make();
  const size_t passes = first->needs().raw_pass_count;
  for (size_t pass = 0; pass < passes; ++pass) {
    first->begin_pass(pass);
    second->begin_pass(pass);
    for (size_t b = 0; b < batches.size(); ++b) {
      const bool shared = pass + 1 == passes;
      if (!shared || b % 2 == 0) first->observe(batches[b].view());
      if (!shared || b % 2 == 1) second->observe(batches[b].view());
    }
  }
  first->merge(*second);
  return first->solve({}).parameters;
}

bool keeps(const Parameters& expected, const std::function<Parameters()>& variant) {
  try {
    return variant() == expected;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

Laws check_laws(const Maker& make, const TensorQuantizationConfig& config,
                std::span<const tensor::Tensor> batches) {
  const auto solve = [&](std::span<const tensor::Tensor> some) {
    return run(*make(), config, some).parameters;
  };
  const Parameters expected = solve(batches);
  const Needs needs = make()->needs();
  Batches reversed(batches.rbegin(), batches.rend());
  Laws kept;
  kept.split = keeps(expected, [&] { return solve(cut_in_two(batches)); });
  kept.order = keeps(expected, [&] { return solve(reversed); });
  kept.empty = keeps(expected, [&] { return solve(with_empty_ones(batches)); });
  // Statistics merge by their own laws; an observer of both cannot be shown them here.
  const bool raw_only = needs.raw_pass_count > 0 && !needs.statistics;
  kept.merge = !raw_only || keeps(expected, [&] { return merged(make, batches); });
  return kept;
}

bool keeps_its_word(const Laws& claimed, const Laws& kept) {
  return (!claimed.split || kept.split) && (!claimed.merge || kept.merge) &&
         (!claimed.empty || kept.empty) && (!claimed.order || kept.order);
}

}  // namespace rangefinder::observers
