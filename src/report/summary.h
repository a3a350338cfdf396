#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "rangefinder/summary.h"

namespace rangefinder::report {

using rangefinder::BiasCorrectionRow;
using rangefinder::ChoiceRow;
using rangefinder::DataCheckRow;
using rangefinder::DecisionRow;
using rangefinder::ErrorSourceRow;
using rangefinder::FloatNodeRow;
using rangefinder::JudgedTensorRow;
using rangefinder::LatencyRow;
using rangefinder::LeftOutRow;
using rangefinder::LookupTableRow;
using rangefinder::LstmRow;
using rangefinder::NodeRow;
using rangefinder::NodeTimes;
using rangefinder::OtherTimeRow;
using rangefinder::OutputRow;
using rangefinder::Seconds;
using rangefinder::SmoothingRow;
using rangefinder::Summary;
using rangefinder::TensorRow;
using rangefinder::TimedRow;
using rangefinder::ValuePair;
using rangefinder::Verdict;
using rangefinder::VerdictLevel;

/// Numbers that JSON cannot hold (infinite, NaN) are written as null.
nlohmann::ordered_json to_json(const OutputRow& output);
nlohmann::ordered_json to_json(const FloatNodeRow& node);
nlohmann::ordered_json to_json(const NodeRow& node);
/// Null if there are none.
nlohmann::ordered_json to_json(const std::optional<NodeTimes>& times);
nlohmann::ordered_json to_json(const LeftOutRow& sample);
nlohmann::ordered_json to_json(const BiasCorrectionRow& row);
nlohmann::ordered_json to_json(const DecisionRow& row);
nlohmann::ordered_json to_json(const ChoiceRow& row);
nlohmann::ordered_json to_json(const SmoothingRow& row);
nlohmann::ordered_json to_json(const LookupTableRow& row);
nlohmann::ordered_json to_json(const LstmRow& row);
nlohmann::ordered_json to_json(const Summary& summary);
/// OutputRow::values of each output that has some, with six digits.
nlohmann::ordered_json output_values_json(const std::vector<OutputRow>& outputs);

/// What a person wants to see at the end of a run: sizes, kernels, the tensors that lose most,
/// outputs. At most about 100 columns wide.
std::string to_table(const Summary& summary);

/// A line on samples that could not be compared, as the row counts them; empty if there are none.
std::string shape_remark(const OutputRow& row);

/// The table of output errors alone; below a row what it does not tell, below all rows the samples
/// that were left out.
std::string outputs_table(const std::vector<OutputRow>& outputs,
                          const std::vector<LeftOutRow>& left_out = {});

}  // namespace rangefinder::report
