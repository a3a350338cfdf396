#pragma once

#include <vector>

#include "rangefinder/summary.h"
#include "workflow/plan.h"
#include "workflow/solved_plan.h"

namespace rangefinder::workflow {

/// Codes for the weights of the plan's LSTM nodes, as far as that keeps what they say. No data are
/// needed. Throws Error as passes::quantize_lstm() does.
void quantize_lstms(const Plan& plan, SolvedPlan& solution);

/// What a summary says of them.
std::vector<LstmRow> lstm_rows(const std::vector<passes::QuantizedLstm>& lstms);

}  // namespace rangefinder::workflow
