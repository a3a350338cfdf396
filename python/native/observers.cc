#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrays.h"
#include "bindings.h"
#include "call.h"
#include "rangefinder/observer.h"

// Calibration methods written in Python. The engine makes and asks them from its own threads; the
// call that is at work then runs what they do on the thread that called, so that what they throw
// leaves the call as it is.

namespace rangefinder::python {
namespace {

using plugin::Batch;
using plugin::Channel;
using plugin::Request;
using plugin::Result;

template <typename Value, typename Read>
nb::object column(std::span<const plugin::Bucket> buckets, Read read) {
  auto values = std::make_unique<Value[]>(buckets.size() + 1);
  for (size_t i = 0; i < buckets.size(); ++i) values[i] = read(buckets[i]);
  const nb::capsule owner(values.get(),
                          [](void* memory) noexcept { delete[] static_cast<Value*>(memory); });
  return nb::cast(nb::ndarray<nb::numpy, Value>(values.release(), {buckets.size()}, owner));
}

nb::dict channel_of(const Channel& seen) {
  nb::dict channel;
  channel["low"] = column<double>(seen.buckets, [](const auto& b) { return b.lower; });
  channel["high"] = column<double>(seen.buckets, [](const auto& b) { return b.upper; });
  channel["count"] = column<uint64_t>(seen.buckets, [](const auto& b) { return b.count; });
  channel["min"] = seen.min;
  channel["max"] = seen.max;
  channel["finite_count"] = seen.finite_count;
  channel["nan_count"] = seen.nan_count;
  channel["inf_count"] = seen.infinity_count;
  return channel;
}

nb::dict config_of(const Request& request) {
  nb::dict config;
  config["bits"] = request.bits;
  config["quant_min"] = request.quant_min;
  config["quant_max"] = request.quant_max;
  config["symmetric"] = request.is_symmetric != 0;
  config["power_of_2"] = request.is_power_of_2 != 0;
  config["channel_axis"] =
      request.is_per_channel != 0 ? nb::cast(request.channel_axis) : nb::object(nb::none());
  config["percentile"] = request.percentile;
  config["alpha"] = request.alpha;
  return config;
}

/// What rangefinder/_observers.py makes of an answer: (is_range, a, b) for each channel.
std::vector<Result> results_of(const nb::handle& answers) {
  std::vector<Result> results;
  for (const nb::handle answer : answers) {
    const bool is_range = nb::cast<bool>(answer[0]);
    const auto first = nb::cast<double>(answer[1]);
    results.push_back(
        is_range ? Result::range(first, nb::cast<double>(answer[2]))
                 : Result::parameters(static_cast<float>(first), nb::cast<int32_t>(answer[2])));
  }
  return results;
}

/// Work of Python on the thread that called; without a call, e.g. in a thread of the engine that
/// knows of none, on this one.
void with_python(const std::shared_ptr<Call>& call, const std::function<void()>& work) {
  if (call) return call->ask(work);
  const nb::gil_scoped_acquire lock;
  work();
}

class PythonObserver : public Observer {
 public:
  PythonObserver(const Request& request, nb::handle type)
      : Observer(request), call_(Call::current()) {
    with_python(call_, [&] { object_ = type(config_of(request)); });
  }
  ~PythonObserver() override {
    const nb::gil_scoped_acquire lock;
    object_.reset();
  }

  void begin_pass(uint32_t pass) override {
    with_python(call_, [&] { object_.attr("begin_pass")(pass); });
  }
  void observe(const Batch& batch) override {
    with_python(call_, [&] {
      const std::vector<size_t> shape(batch.shape, batch.shape + batch.rank);
      object_.attr("observe")(float_array(batch.values, shape));
    });
  }
  std::vector<Result> solve(std::span<const Channel> channels) override {
    std::vector<Result> results;
    with_python(call_, [&] {
      nb::list seen;
      for (const Channel& channel : channels) seen.append(channel_of(channel));
      results = results_of(object_.attr("solve")(seen));
    });
    return results;
  }

 private:
  std::shared_ptr<Call> call_;
  nb::object object_;
};

void register_observer(const std::string& name, const nb::object& type, uint32_t raw_passes,
                       bool needs_statistics) {
  const Traits traits{.raw_pass_count = raw_passes,
                      .needs_statistics = needs_statistics,
                      .broken_laws = raw_passes > 0 ? uint32_t{RANGEFINDER_BREAKS_MERGE} : 0};
  // A borrowed reference, because factories are copied by threads without the interpreter's lock.
  const nb::handle kept = type;
  register_calibration_observer(
      name,
      [kept](const Request& request) { return std::make_unique<PythonObserver>(request, kept); },
      traits);
  kept.inc_ref();
}

}  // namespace

void bind_observers(nb::module_& module) {
  module.def("register_observer", &register_observer, nb::arg("name"), nb::arg("type"),
             nb::arg("raw_passes"), nb::arg("needs_statistics"));
  module.def("load_plugin", &load_plugin, nb::arg("file"));
}

}  // namespace rangefinder::python
