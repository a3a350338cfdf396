#include "observers/unseen.h"

#include <algorithm>

#include "search/unseen.h"

namespace rangefinder::observers {
namespace {

/// In a tensor with more numbers a sample each is one of many; its largest ones are few of them.
constexpr uint64_t kFewASample = 4;

}  // namespace

void leave_room(std::string_view method, const Observations& observations,
                const quantization::TensorQuantizationConfig& config, Solution& solution) {
  if (method != "mse" || config.is_floating()) return;
  if (observations.channels.size() != solution.parameters.size()) return;
  if (observations.batches.size() != observations.channels.size()) return;
  const quantization::Grid grid = grid_of(config);
  search::Room most;
  for (size_t c = 0; c < solution.parameters.size(); ++c) {
    const auto& seen = observations.channels[c];
    const uint64_t sample_count = observations.batches[c].batch_count();
    if (seen.histogram.count() > kFewASample * sample_count) continue;
    const search::Room room = search::room_for_unseen(seen, grid);
    if (room == search::Room{}) continue;
    const auto found = quantization::covered_range(solution.parameters[c], grid);
    solution.parameters[c] = quantization::affine_from_range(
        {std::min<double>(found.min, seen.extrema.min - room.below),
         std::max<double>(found.max, seen.extrema.max + room.above)},
        grid);
    most = {std::max(most.below, room.below), std::max(most.above, room.above)};
  }
  if (most == search::Room{}) return;
  solution.figures["room_below"] = most.below;
  solution.figures["room_above"] = most.above;
}

}  // namespace rangefinder::observers
