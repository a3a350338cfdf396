#pragma once

#include "statistics/batch_figures.h"
#include "statistics/channel_spread.h"
#include "statistics/channel_sums.h"
#include "statistics/row_top.h"
#include "statistics/sample_set.h"
#include "statistics/tensor_statistics.h"
#include "statistics/value_histogram.h"
#include "statistics/wire.h"

namespace rangefinder::statistics {

// Each statistic as bytes, as docs/formats/statistics.md spells them. Equal statistics give equal
// bytes; the readers throw Error on bytes that no statistic gives.

void encode(const ValueHistogram& histogram, WireWriter& to);
void encode(const TensorStatistics& statistics, WireWriter& to);
void encode(const RowTop& rows, WireWriter& to);
void encode(const BatchFigures& figures, WireWriter& to);
void encode(const SampleSet& samples, WireWriter& to);
void encode(const ChannelSums& sums, WireWriter& to);
void encode(const ChannelSpread& spread, WireWriter& to);

/// Of counts that can be added up.
ValueHistogram decode_value_histogram(WireReader& from);
TensorStatistics decode_tensor_statistics(WireReader& from);
RowTop decode_row_top(WireReader& from);
BatchFigures decode_batch_figures(WireReader& from);
SampleSet decode_sample_set(WireReader& from);
ChannelSums decode_channel_sums(WireReader& from);
ChannelSpread decode_channel_spread(WireReader& from);

/// No tensor statistic takes fewer bytes.
inline constexpr size_t kMinTensorStatisticsBytes = 6;

}  // namespace rangefinder::statistics
