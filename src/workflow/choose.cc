#include "workflow/choose.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <unordered_set>
#include <utility>

#include "base/cancellation.h"
#include "base/error.h"
#include "engine/latency.h"
#include "passes/atoms.h"
#include "refine/bisect.h"
#include "refine/float_order.h"
#include "report/verdict.h"
#include "targets/wider.h"
#include "workflow/fastest.h"
#include "workflow/judge.h"
#include "workflow/rank_atoms.h"

// Atoms are ranked once, by what each does alone, in one session of the float model. Then real
// models are made with the first so many of that order in float, and judged:
//
//   most harmful ◄── float ──►|◄── integers ──► harmless        the bar is found by bisection
//
// Where the target has wider codes, three bars may be needed: first between those and its own; if
// wider codes everywhere are not enough, between float and wider codes, by an order of their own;
// then what is not float is narrowed again as far as it can be:
//
//   ◄── float ──►|◄── wider codes ──►|◄── the target's codes ──►
//
// Where time matters, choices by time come after that, on top of what accuracy needs.

namespace rangefinder::workflow {
namespace {

using AtomSet = std::vector<bool>;

/// For all models together.
constexpr double kTimingSeconds = 3;

std::vector<passes::Atom> atoms_of(const Plan& plan) {
  onnx::ModelProto model = plan.prepared.model;
  graph::Graph graph(model);
  return passes::find_atoms(graph, plan.annotation, *plan.target);
}

std::unordered_set<std::string> nodes_of(const std::vector<passes::Atom>& atoms,
                                         const AtomSet& is_float) {
  std::unordered_set<std::string> nodes;
  for (size_t i = 0; i < atoms.size(); ++i) {
    if (is_float[i]) nodes.insert(atoms[i].nodes.begin(), atoms[i].nodes.end());
  }
  return nodes;
}

/// In the model's order, so that a file of them is the same each time.
std::vector<std::string> in_graph_order(const Plan& plan,
                                        const std::unordered_set<std::string>& nodes) {
  std::vector<std::string> names;
  for (const auto& node : plan.prepared.model.graph().node()) {
    if (nodes.contains(node.name())) names.push_back(node.name());
  }
  return names;
}

std::string mixture_note(const targets::Target& target, const Choice& choice) {
  return fmt::format("of {} parts {} compute on codes of {} bits, {} in float",
                     choice.row->part_count, choice.decisions.wide_parts.size(),
                     targets::activation_bits(*targets::wider_target(target)),
                     choice.row->float_count);
}

/// Nodes that the user excluded by name.
std::vector<report::DecisionRow> excluded_rows(const Plan& plan) {
  std::vector<report::DecisionRow> rows;
  for (const auto& node : plan.annotation.left_float) {
    if (plan.excluded.contains(node.name)) {
      rows.push_back({.node = node.name, .op_type = node.op_type, .reason = "user"});
    }
  }
  return rows;
}

/// What becomes of each atom.
struct Mix {
  AtomSet is_float;
  /// On wider codes, where not float.
  AtomSet is_wide;

  bool operator==(const Mix&) const = default;
};

class Chooser {
 public:
  Chooser(Candidate integers, Samples& samples, const ChoiceOptions& options, const RunControl& run,
          const std::string& output, const SolveWide& solve_wide, analysis::KnownOutputs* known)
      : integers_(std::move(integers)),
        samples_(samples),
        options_(options),
        run_(run),
        output_(output),
        solve_wide_(solve_wide),
        atoms_(atoms_of(integers_.plan)),
        judge_(integers_.plan, samples, run, known),
        none_(atoms_.size(), false),
        is_float_(none_),
        is_wide_(none_) {}

  Choice run() {
    row_.part_count = atoms_.size();
    row_.aim_db = options_.min_sqnr;
    row_.sample_count = options_.min_sqnr ? judge_.sample_count() : 0;
    if (options_.metric) row_.float_metric = metric_of(integers_.plan.source);
    if (options_.min_sqnr || options_.metric) choose_by_accuracy();
    for (size_t i = 0; i < atoms_.size(); ++i) {
      reasons_.push_back(is_float_[i] || is_wide_[i] ? "accuracy" : "");
    }
    if (options_.fastest) choose_by_time();
    return finish();
  }

 private:
  /// A model that was made and how good it is.
  struct Try {
    Mix mix;
    Candidate candidate;
    std::optional<double> decibels = {};
    std::optional<double> metric = {};
  };

  void choose_by_accuracy() {
    Mix mix{none_, none_};
    if (!is_good(mix)) mix = solve_wide_ ? widest_needed() : Mix{fewest_float(none_), none_};
    // All float was not asked about: its outputs are the float model's, its metric may differ.
    if (!good_ || good_->mix != mix) good_ = std::make_shared<Try>(tried_with(mix));
    row_.is_reached = is_enough(*good_);
    row_.reached_db = good_->decibels;
    row_.reached_metric = good_->metric;
    is_float_ = mix.is_float;
    is_wide_ = mix.is_wide;
    chosen_ = std::move(good_->candidate);
    good_.reset();
  }

  /// As many atoms on wider codes, and float, as are needed; those of the target are not enough.
  Mix widest_needed() {
    const AtomSet all(atoms_.size(), true);
    Mix mix{none_, all};
    const bool is_wide_enough = is_good(mix);
    if (!is_wide_enough) mix.is_float = fewest_float(all);
    if (is_all(mix.is_float)) return {mix.is_float, none_};
    std::vector<size_t> rest;
    for (const size_t atom : order()) {
      if (!mix.is_float[atom]) rest.push_back(atom);
    }
    mix.is_wide = fewest(
        rest,
        [&](const AtomSet& set) {
          return Mix{mix.is_float, set};
        },
        is_wide_enough);
    return mix;
  }

  /// The fewest of the most harmful atoms in float with which the others are good enough.
  AtomSet fewest_float(const AtomSet& is_wide) {
    const bool is_widened = !is_none(is_wide);
    const std::vector<size_t> ordered = is_widened ? wide_order() : order();
    return fewest(
        ordered,
        [&](AtomSet set) {
          Mix mix{std::move(set), is_wide};
          for (size_t i = 0; i < atoms_.size(); ++i) {
            mix.is_wide[i] = mix.is_wide[i] && !mix.is_float[i];
          }
          return mix;
        },
        true, is_widened ? std::nullopt : expected_float_count_);
  }

  /// The fewest leading atoms of an order, of those that a bisection looks at, whose mix is good
  /// enough; all if none is. `needs_some`: without any it is known not to be.
  AtomSet fewest(const std::vector<size_t>& order, const std::function<Mix(const AtomSet&)>& mix_of,
                 bool needs_some, std::optional<size_t> expected = {}) {
    const auto first = [&](size_t count) {
      AtomSet set = none_;
      for (size_t i = 0; i < count; ++i) set[order[i]] = true;
      return set;
    };
    const auto found = refine::bisect(
        order.size(),
        [&](size_t count) { return (count > 0 || !needs_some) && is_good(mix_of(first(count))); },
        expected);
    return first(found.count);
  }

  /// Tries a mix; if it is good enough it is the last one that is.
  bool is_good(const Mix& mix) {
    stop_if_cancelled();
    auto tried = std::make_shared<Try>(tried_with(mix));
    if (row_.try_count == 1) {
      row_.integer_db = tried->decibels;
      row_.integer_metric = tried->metric;
    }
    if (!is_enough(*tried)) return false;
    good_ = std::move(tried);
    return true;
  }

  /// Those that make most of the noise: in a detector most pictures may show nothing.
  CountedFeed ranking_samples() {
    const size_t most = ranking_sample_count(atoms_.size());
    CountedFeed noisiest = judge_.noisiest(most);
    return noisiest.count > 0 ? noisiest : spread_samples(samples_, most);
  }

  /// The most harmful atom first.
  const std::vector<size_t>& order() {
    if (atoms_.empty() || !order_.empty()) return order_;
    AtomNoise noise(integers_.plan, integers_.solution, atoms_, judge_.quantities(), run_);
    if (together_.empty() || judge_.noisiest(1).count == 0) {
      noise.measure(ranking_samples());
      noise_ = worst_shares(noise.shares());
      order_ = most_harmful_first(noise_);
      return order_;
    }
    noise.measure(judge_.noisiest(kFirstRankingSamples));
    take_order(noise.shares());
    noise.measure_more(judge_.noisiest(ranking_sample_count(atoms_.size()), kFirstRankingSamples),
                       near_the_bar(order_, *expected_float_count_, noise_));
    take_order(noise.shares());
    return order_;
  }

  void take_order(const std::vector<refine::NoiseShares>& alone) {
    noise_ = worst_shares(alone);
    order_ = refine::float_order(alone, together_, allowed_share());
    expected_float_count_ = refine::expected_float_count(alone, together_, allowed_share(), order_);
  }

  /// Of the noise in the signal, by the aim.
  double allowed_share() const { return std::pow(10, -*options_.min_sqnr / 10); }

  /// By what is left of their noise on wider codes.
  std::vector<size_t> wide_order() {
    return most_harmful_first(worst_shares(noise_of_atoms(
        wide().plan, wide().solution, atoms_, judge_.quantities(), ranking_samples(), run_)));
  }

  const WideSolution& wide() {
    if (!wide_) wide_ = solve_wide_();
    return *wide_;
  }

  bool is_all(const AtomSet& is_float) const {
    return std::all_of(is_float.begin(), is_float.end(), [](bool value) { return value; });
  }

  bool is_none(const AtomSet& is_float) const {
    return std::none_of(is_float.begin(), is_float.end(), [](bool value) { return value; });
  }

  Candidate make(const Mix& mix) {
    if (!is_none(mix.is_wide)) {
      return candidate_with(integers_, nodes_of(atoms_, mix.is_float), wide(),
                            nodes_of(atoms_, mix.is_wide), output_);
    }
    if (is_none(mix.is_float)) return integers_;
    return candidate_with(integers_, nodes_of(atoms_, mix.is_float), output_);
  }

  void measure(Try& tried) {
    ++row_.try_count;
    const bool is_float = tried.candidate.plan.annotation.weighted.empty();
    if (options_.min_sqnr) {
      const auto powers =
          is_float ? JudgedPowers{} : judge_.measure(tried.candidate.model, options_.min_sqnr);
      tried.decibels = worst_sqnr_db(powers);
      // The first is everything in integers.
      if (row_.try_count == 1) together_ = noise_by_quantity(powers);
    }
    if (options_.metric) tried.metric = metric_of(tried.candidate.model);
  }

  double metric_of(const engine::ModelSource& model) const {
    const double value = options_.metric(model);
    if (std::isnan(value)) throw Error("the metric is no number", {.file = model.name()});
    return value;
  }

  Try tried_with(const Mix& mix) {
    Try tried{.mix = mix, .candidate = make(mix)};
    measure(tried);
    return tried;
  }

  bool is_enough(const Try& tried) const {
    if (options_.min_sqnr && !(*tried.decibels >= *options_.min_sqnr)) return false;
    return !options_.metric || *tried.metric >= *row_.float_metric - options_.max_drop;
  }

  /// A model to be timed; without nodes in integers it has no numbers.
  struct Timed {
    Candidate candidate;
    AtomSet is_float;
    std::string model;
  };

  void choose_by_time() {
    Candidate so_far = chosen_ ? std::move(*chosen_) : make({is_float_, is_wide_});
    const auto [sample, name] = first_sample();
    std::vector<Timed> timed = timed_models(std::move(so_far), sample, name);
    std::vector<engine::ModelSource> models;
    for (const Timed& one : timed) models.push_back(one.candidate.model);
    const auto seconds = engine::median_latency(models, sample, name, {.seconds = kTimingSeconds});
    for (size_t i = 0; i < timed.size(); ++i) {
      const auto count = std::count(timed[i].is_float.begin(), timed[i].is_float.end(), true);
      row_.timed.push_back({timed[i].model, static_cast<size_t>(count), seconds[i]});
    }
    std::vector<size_t> order(timed.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return seconds[a] < seconds[b]; });
    for (const size_t i : order) {
      if (timed[i].model == "mixed" && !stays_good(timed[i])) continue;
      return take(std::move(timed[i]));
    }
  }

  /// What accuracy needs, that with more in float for its time, and the float models.
  std::vector<Timed> timed_models(Candidate so_far, const tensor::NamedTensors& sample,
                                  const std::string& name) {
    std::vector<Timed> timed;
    const AtomSet all(atoms_.size(), true);
    if (!is_all(is_float_)) {
      timed.push_back({std::move(so_far), is_float_, "quantized"});
      for (auto& choice :
           choices_by_time(integers_.plan, integers_.model, atoms_, is_float_, sample, name)) {
        auto nodes = nodes_of(atoms_, choice.atoms);
        nodes.insert(choice.movers.begin(), choice.movers.end());
        if (is_all(choice.atoms)) continue;
        timed.push_back({candidate_with(integers_, nodes, output_), choice.atoms, "mixed"});
      }
    }
    timed.push_back({make({all, none_}), all, "prepared float"});
    timed.push_back({timed.back().candidate, all, "float"});
    timed.back().candidate.model = original_float(integers_.plan, output_);
    return timed;
  }

  /// More in float may do worse: two errors that made up for each other.
  bool stays_good(const Timed& timed) {
    if (!options_.min_sqnr && !options_.metric) return true;
    if (!row_.is_reached) return false;
    Try tried{.mix = {timed.is_float, none_}, .candidate = timed.candidate};
    measure(tried);
    if (!is_enough(tried)) return false;
    row_.reached_db = tried.decibels;
    row_.reached_metric = tried.metric;
    return true;
  }

  void take(Timed timed) {
    for (size_t i = 0; i < atoms_.size(); ++i) {
      if (timed.is_float[i] && !is_float_[i]) reasons_[i] = "time";
    }
    is_float_ = std::move(timed.is_float);
    chosen_ = std::move(timed.candidate);
    if (timed.model == "quantized" || timed.model == "mixed") return;
    written_ = timed.model;
    if (options_.min_sqnr) row_.reached_db = std::numeric_limits<double>::infinity();
    notes_.push_back(fmt::format(
        "no model with integers is quicker than float here: the {} model is written", written_));
  }

  std::pair<tensor::NamedTensors, std::string> first_sample() {
    const auto held_out = samples_.held_out();
    if (held_out->size() > 0) return {held_out->read(0), held_out->name(0)};
    if (samples_.can_repeat()) {
      if (auto sample = samples_.calibration()()) return {sample->read({}), sample->name};
    }
    throw Error("no sample is left to measure the time on");
  }

  Choice finish() {
    Choice choice{.chosen = chosen_ ? std::move(*chosen_) : make({is_float_, is_wide_})};
    auto& decisions = choice.decisions;
    decisions.model_fingerprint = integers_.plan.prepared.fingerprint.get();
    decisions.target = integers_.plan.target->name;
    decisions.parts = excluded_rows(integers_.plan);
    for (size_t i = 0; i < atoms_.size(); ++i) {
      if (is_float_[i]) decisions.parts.push_back(row_of(i));
      if (is_wide_[i]) decisions.wide_parts.push_back(row_of(i));
    }
    decisions.nodes = in_graph_order(choice.chosen.plan, choice.chosen.plan.excluded);
    if (choice.chosen.mixed) {
      decisions.wide_nodes = in_graph_order(choice.chosen.plan, choice.chosen.mixed->wide.nodes);
    }
    row_.float_count = static_cast<size_t>(std::ranges::count(is_float_, true));
    if (written_.empty()) written_ = is_all(is_float_) ? "prepared float" : "quantized";
    row_.written = decisions.written = written_;
    if (!row_.is_reached)
      notes_.push_back("what was asked for cannot be reached; this is the best found");
    choice.row = row_;
    if (solve_wide_) notes_.push_back(mixture_note(*integers_.plan.target, choice));
    choice.notes = std::move(notes_);
    return choice;
  }

  report::DecisionRow row_of(size_t atom) const {
    report::DecisionRow row{
        .node = atoms_[atom].node, .op_type = atoms_[atom].op_type, .reason = reasons_[atom]};
    if (!noise_.empty()) row.sqnr_db = -10 * std::log10(noise_[atom]);
    return row;
  }

  Candidate integers_;
  Samples& samples_;
  const ChoiceOptions& options_;
  const RunControl& run_;
  std::string output_;
  SolveWide solve_wide_;
  std::optional<WideSolution> wide_;
  std::vector<passes::Atom> atoms_;
  Judge judge_;
  /// What all atoms do together, by quantity; empty until that was measured.
  refine::NoiseShares together_;
  /// By atom, of the quantity that suffers most; empty until they were ranked.
  std::vector<double> noise_;
  std::vector<size_t> order_;
  /// How many of the order are float if noise adds up.
  std::optional<size_t> expected_float_count_;
  AtomSet none_;
  /// The last mix that was found good enough.
  std::shared_ptr<Try> good_;
  /// The choice so far, and what it is for.
  AtomSet is_float_;
  AtomSet is_wide_;
  std::vector<std::string> reasons_;
  std::optional<Candidate> chosen_;
  std::string written_;
  report::ChoiceRow row_;
  std::vector<std::string> notes_;
};

}  // namespace

void require_valid(const ChoiceOptions& options) {
  if (options.min_sqnr && !std::isfinite(*options.min_sqnr)) {
    throw std::invalid_argument("the least SQNR is no number");
  }
  if (!(options.max_drop >= 0)) {
    throw std::invalid_argument(
        fmt::format("the metric may drop by {}; 0 or more is allowed", options.max_drop));
  }
  if (options.max_drop > 0 && !options.metric) {
    throw std::invalid_argument("how far a metric may drop is told, but no metric");
  }
}

bool can_choose(const targets::Target& target) {
  return target.runs_here || targets::wider_target(target) != nullptr;
}

void require_choice(const ChoiceOptions& options, const targets::Target& target) {
  if (!options.is_asked() || target.runs_here) return;
  if (options.fastest && can_choose(target)) {
    throw std::invalid_argument(
        fmt::format("what is quickest is chosen by running the target's kernels, and those of "
                    "target {} are not here",
                    target.name));
  }
  if (can_choose(target)) return;
  throw std::invalid_argument(
      fmt::format("what stays float is chosen by running the target's kernels, and those of target "
                  "{} are not here; names of nodes that stay float can be given",
                  target.name));
}

ChoiceOptions completed(ChoiceOptions options, Effort effort) {
  const bool is_told = options.min_sqnr || options.metric;
  if (!is_told && (effort != Effort::kFast || !options.fastest)) options.min_sqnr = kDefaultAim;
  return options;
}

bool is_choice_due(const report::Summary& summary) {
  if (summary.sample_count + summary.held_out_count < kLeastSamples) return false;
  return std::any_of(summary.outputs.begin(), summary.outputs.end(),
                     [](const auto& output) { return report::judged_db(output) < kDefaultAim; });
}

void explain_float_nodes(report::Summary& summary) {
  std::map<std::string, std::string> reasons;
  for (const auto& part : summary.decisions) reasons[part.node] = part.reason;
  for (auto& node : summary.float_nodes) {
    const auto found = reasons.find(node.name);
    if (found == reasons.end() || found->second == "user") continue;
    node.reason = found->second == "file" ? "is left float by the decisions file"
                                          : "is left float for " + found->second;
  }
}

Choice choose(Candidate integers, Samples& samples, const ChoiceOptions& options,
              const RunControl& run, const std::string& output, const SolveWide& solve_wide,
              analysis::KnownOutputs* known) {
  return Chooser(std::move(integers), samples, options, run, output, solve_wide, known).run();
}

Choice follow_decisions(const Candidate& integers, const std::filesystem::path& file,
                        const std::string& output, const SolveWide& solve_wide) {
  Choice choice{.chosen = {}, .decisions = read_decisions(file, integers.plan), .is_new = false};
  const auto& nodes = choice.decisions.nodes;
  const auto& wide_nodes = choice.decisions.wide_nodes;
  if (wide_nodes.empty()) {
    choice.chosen = candidate_with(integers, {nodes.begin(), nodes.end()}, output);
  } else {
    choice.chosen = candidate_with(integers, {nodes.begin(), nodes.end()}, solve_wide(),
                                   {wide_nodes.begin(), wide_nodes.end()}, output);
  }
  if (choice.decisions.written == "float") {
    choice.chosen.model = original_float(integers.plan, output);
  }
  for (auto& part : choice.decisions.parts) {
    if (part.reason != "user") part.reason = "file";
  }
  if (!wide_nodes.empty()) {
    choice.notes.push_back(
        fmt::format("by the decisions file {} nodes compute on codes of {} bits, {} in float",
                    choice.chosen.mixed->wide.nodes.size(),
                    targets::activation_bits(*targets::wider_target(*choice.chosen.plan.target)),
                    nodes.size()));
  }
  return choice;
}

}  // namespace rangefinder::workflow
