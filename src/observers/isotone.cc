#include "observers/isotone.h"

#include <stdexcept>
#include <string>

#include "base/error.h"
#include "search/isotone.h"

namespace rangefinder::observers {

Isotone::Isotone(const quantization::TensorQuantizationConfig& config, int64_t axis,
                 int64_t top_count)
    : grid_(grid_of(config)), axis_(axis), top_count_(static_cast<size_t>(top_count)) {
  if (config.is_per_channel()) {
    throw std::invalid_argument(
        "The method 'isotone' keeps the order across channels: it has one scale per tensor.");
  }
  if (top_count < 1 || top_count > static_cast<int64_t>(statistics::RowTop::kMaxK)) {
    throw std::invalid_argument("isotone keeps the order of 1 to " +
                                std::to_string(statistics::RowTop::kMaxK) + " values, found " +
                                std::to_string(top_count) + ".");
  }
}

Solution Isotone::solve(const Observations& observations) {
  if (observations.channels.empty() || observations.rows == nullptr) {
    throw Error("The tensor saw no data.");
  }
  const auto rows = observations.rows->rows(top_count_);
  const auto found = search::isotone(observations.channels.front(), rows, grid_);
  if (!found) throw Error("The tensor saw nothing finite.");
  return {.parameters = {found->parameters},
          .figures = {{"row_count", static_cast<double>(found->row_count)},
                      {"kept_share", found->kept_share()}}};
}

}  // namespace rangefinder::observers
