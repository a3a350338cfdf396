#pragma once

// How operators are written in a model: our own, and the domain of ONNX Runtime's blocked layout.

namespace rangefinder::engine {

inline constexpr char kBlockedDomain[] = "com.microsoft.nchwc";
inline constexpr char kOperatorDomain[] = "rangefinder";

/// Counts a tensor: see observe_op.h and, for its attributes, ObserveTarget.
inline constexpr char kObserveOperator[] = "Observe";
inline constexpr char kTensorAttribute[] = "tensor";
inline constexpr char kChannelAxisAttribute[] = "channel_axis";
inline constexpr char kBlockAttribute[] = "block";
inline constexpr char kChannelsAttribute[] = "channels";
inline constexpr char kKeepsRowsAttribute[] = "keeps_rows";
inline constexpr char kRowAxisAttribute[] = "row_axis";
inline constexpr char kKeepsSumsAttribute[] = "keeps_sums";
inline constexpr char kSumAxisAttribute[] = "sum_axis";
inline constexpr char kKeepsSpreadAttribute[] = "keeps_spread";
inline constexpr char kSpreadAxisAttribute[] = "spread_axis";
inline constexpr char kIsCountedAttribute[] = "is_counted";
/// Of the one node whose output is asked for.
inline constexpr char kMakesTokenAttribute[] = "makes_token";

/// See gate_ops.h.
inline constexpr char kHardSwishOperator[] = "HardSwish";
inline constexpr char kAlphaAttribute[] = "alpha";
inline constexpr char kBetaAttribute[] = "beta";
inline constexpr char kScaleChannelsOperator[] = "ScaleChannels";
inline constexpr char kChannelMeansOperator[] = "ChannelMeans";

/// See switch_ops.h.
inline constexpr char kRoundOperator[] = "Round";
inline constexpr char kRestoreOperator[] = "Restore";
inline constexpr char kSelectOperator[] = "Select";
inline constexpr char kSwitchAttribute[] = "switch";
inline constexpr char kScaleAttribute[] = "scale";
inline constexpr char kZeroPointAttribute[] = "zero_point";
inline constexpr char kLeastCodeAttribute[] = "least_code";
inline constexpr char kLargestCodeAttribute[] = "largest_code";
inline constexpr char kAxisAttribute[] = "axis";

}  // namespace rangefinder::engine
