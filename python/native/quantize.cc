#include "rangefinder/quantize.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "bindings.h"
#include "call.h"
#include "options.h"

// quantize(), observe() and solve(). What an option is called in Python stands here and in
// options.cc, once.

namespace rangefinder::python {
namespace {

using Released = nb::call_guard<nb::gil_scoped_release>;

void read(OptionReader& given, SplitOptions& split) {
  given.read("samples", split.samples);
  given.read("most_held_out", split.most_held_out);
}

void read(OptionReader& given, Effort& effort) {
  given.read_word("effort", [&](std::string_view word) { effort = parse_effort(word); });
}

/// What keeps nodes float. `metric` is called with a Model on the thread that called; it must
/// outlive the options.
void read(OptionReader& given, ChoiceOptions& choice, Call& call, nb::object& metric) {
  given.read("min_sqnr", choice.min_sqnr);
  given.read("max_drop", choice.max_drop);
  given.read("fastest", choice.fastest);
  given.read("decisions", choice.decisions);
  given.read("metric", metric);
  if (!metric.is_valid()) return;
  choice.metric = [ask = nb::handle(metric), &call](const Model& model) {
    double figure = 0;
    call.ask([&] { figure = nb::cast<double>(ask(model)); });
    return figure;
  };
}

/// No more samples than will be used are taken out of an iterable of the user's.
std::optional<uint64_t> most_samples(const SplitOptions& split, bool has_held_out) {
  if (!split.samples) return std::nullopt;
  return *split.samples + (has_held_out ? 0 : split.most_held_out);
}

SampleSource calibration_source(Call& call, const GivenSamples& data, const GivenSamples* held_out,
                                SplitOptions& split) {
  if (held_out != nullptr) split.held_out = call.source(*held_out);
  return call.source(data, most_samples(split, held_out != nullptr));
}

QuantizedModel quantize_model(const Model& model, const GivenSamples& data,
                              const GivenSamples* held_out, nb::object progress, nb::dict words) {
  QuantizeOptions options;
  OptionReader given(std::move(words));
  Call call(std::move(progress));
  nb::object metric;
  read(given, options.plan);
  read(given, options.method);
  read(given, options.effort);
  read(given, options.choice, call, metric);
  read(given, options.split);
  read(given, options.run);
  read(given, options.checkpoint);
  read(given, options.run.device);
  given.read("require_sqnr", options.require_sqnr);
  given.read("node_times", options.node_times);
  given.finish();
  const SampleSource source = calibration_source(call, data, held_out, options.split);
  call.watch(options.run);
  std::optional<QuantizedModel> result;
  call.run([&] { result = quantize(model, source, options); });
  return std::move(*result);
}

Statistics observe_model(const Model& model, const GivenSamples& data, nb::object progress,
                         nb::dict words) {
  ObserveOptions options;
  OptionReader given(std::move(words));
  read(given, options.plan);
  read(given, options.split);
  read(given, options.run);
  read(given, options.checkpoint);
  read(given, options.run.device);
  given.read("rows", options.rows);
  given.read("row_axis", options.row_axis);
  given.read_word("shard", [&](std::string_view word) { options.shard = parse_shard(word); });
  given.finish();
  Call call(std::move(progress));
  const SampleSource source = calibration_source(call, data, nullptr, options.split);
  call.watch(options.run);
  std::optional<Statistics> result;
  call.run([&] { result = observe(model, source, options); });
  return std::move(*result);
}

QuantizedModel solve_model(const Model& model, const Statistics& statistics, nb::object progress,
                           nb::dict words) {
  SolveOptions options;
  OptionReader given(std::move(words));
  read(given, options.plan);
  read(given, options.method);
  read(given, options.effort);
  read(given, options.run);
  given.read("decisions", options.decisions);
  given.finish();
  Call call(std::move(progress));
  call.watch(options.run);
  std::optional<QuantizedModel> result;
  call.run([&] { result = solve(model, statistics, options); });
  return std::move(*result);
}

void save(const QuantizedModel& quantized, const std::filesystem::path& model,
          const std::filesystem::path& statistics, const std::filesystem::path& summary,
          const std::filesystem::path& report) {
  quantized.save({.model = model, .statistics = statistics, .summary = summary, .report = report});
}

}  // namespace

void bind_quantize(nb::module_& module) {
  nb::class_<QuantizedModel>(module, "QuantizedModel")
      .def("model", &QuantizedModel::model, nb::rv_policy::copy)
      .def("statistics", &QuantizedModel::statistics, nb::rv_policy::copy)
      .def("json", [](const QuantizedModel& quantized) { return quantized.summary().json(); })
      .def("table", [](const QuantizedModel& quantized) { return quantized.summary().table(); })
      .def("save", &save, nb::arg("model"), nb::arg("statistics"), nb::arg("summary"),
           nb::arg("report"), Released());
  module.def("quantize", &quantize_model, nb::arg("model"), nb::arg("data"),
             nb::arg("held_out").none(), nb::arg("progress").none(), nb::arg("options"));
  module.def("observe", &observe_model, nb::arg("model"), nb::arg("data"),
             nb::arg("progress").none(), nb::arg("options"));
  module.def("solve", &solve_model, nb::arg("model"), nb::arg("statistics"),
             nb::arg("progress").none(), nb::arg("options"));
}

}  // namespace rangefinder::python
