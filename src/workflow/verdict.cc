#include "workflow/verdict.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/cancellation.h"
#include "base/error.h"
#include "rangefinder/quantize.h"
#include "workflow/data_checks.h"
#include "workflow/error_sources.h"
#include "workflow/held_out.h"

namespace rangefinder::workflow {

void give_verdict(const Plan& plan, const engine::ModelSource& quantized, const ObservedBoth& seen,
                  const data::SampleSource& held_out, const RunControl& run,
                  const report::Circumstances& circumstances, report::Summary& summary) {
  measure_ranges(plan, seen, summary);
  summary.data_checks = data_checks(plan, seen, summary.held_out_count);
  const auto level = report::accuracy_level(summary);
  const bool is_lossy = level && *level != report::VerdictLevel::kGood;
  if (is_lossy && summary.effort != name_of(Effort::kFast)) {
    try {
      summary.error_sources = error_sources(plan, quantized, held_out, run, summary);
    } catch (const Error&) {
      stop_if_cancelled();
    }
  }
  summary.verdict = report::verdict_of(summary, circumstances);
}

void require_measurable(double required, const SampleInput& input, const SplitOptions& split,
                        const Samples& samples) {
  if (std::isnan(required)) throw std::invalid_argument("the required signal over noise is NaN");
  if (!split.held_out && split.most_held_out == 0) {
    throw std::invalid_argument(
        "a signal over noise is required, but no sample shall be held out to measure it on");
  }
  if (input.list && samples.held_out()->size() == 0) {
    throw Error(
        fmt::format("a signal over noise is required, but {} sample{} left none to measure "
                    "it on; 2 or more are needed",
                    input.list->size(), input.list->size() == 1 ? "" : "s"));
  }
}

void require_sqnr(const report::Summary& summary, double required) {
  const report::OutputRow* worst = nullptr;
  for (const auto& output : summary.outputs) {
    const double found = report::judged_db(output);
    if (std::isnan(found)) {
      throw Error(
          fmt::format("could not be judged: {}; {:g} dB of signal over noise are required",
                      output.reason.empty() ? "nothing tells how good it is" : output.reason,
                      required),
          {.tensor = output.name});
    }
    const bool has_signal = found != -std::numeric_limits<double>::infinity();
    if (has_signal && (worst == nullptr || found < report::judged_db(*worst))) worst = &output;
  }
  if (worst == nullptr) {
    throw Error(
        fmt::format("no output was measured; {:g} dB of signal over noise are required", required));
  }
  const double found = report::judged_db(*worst);
  if (found >= required) return;
  throw Error(
      fmt::format("has {:.2f} dB of signal over noise on {} held-out sample{}, by the upper "
                  "bound of the noise; {:g} dB are required",
                  found, summary.held_out_count, summary.held_out_count == 1 ? "" : "s", required),
      {.tensor = worst->name});
}

}  // namespace rangefinder::workflow
