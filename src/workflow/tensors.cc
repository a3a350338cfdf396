#include "workflow/tensors.h"

#include <cmath>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/error.h"
#include "observers/calibrate.h"
#include "observers/ppq/methods.h"
#include "observers/run.h"
#include "quantization/error_metrics.h"
#include "quantization/fake_quantize.h"
#include "quantization/float8.h"

namespace rangefinder::workflow {
namespace {

using quantization::TensorQuantizationConfig;

// Errors about a batch name its file, whoever found them.
void with_file(const std::string& file, const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    throw error.within({.file = file});
  } catch (const std::invalid_argument& error) {
    throw Error(error.what(), {.file = file});
  }
}

// The batches of a request, read again for every pass.
class Dump {
 public:
  explicit Dump(const TensorsRequest& request)
      : request_(request), samples_(all_samples(request.batches)) {}

  void visit(const observers::BatchVisitor& visitor) {
    const engine::SampleFeed feed = samples_->calibration();
    while (const auto pending = feed()) {
      with_file(pending->name, [&] {
        const tensor::NamedTensors sample = pending->read({});
        if (sample.size() != 1) {
          throw Error("holds " + std::to_string(sample.size()) + " tensors; one is needed");
        }
        const tensor::Tensor batch = sample.begin()->second.to_float32();
        if (pass_count_ == 0) take(batch);
        visitor(batch.view());
      });
    }
    ++pass_count_;
  }

  uint64_t count() const { return count_; }
  size_t pass_count() const { return pass_count_; }
  const statistics::Extrema& extrema() const { return extrema_; }

 private:
  void take(const tensor::Tensor& batch) {
    statistics::Extrema seen;
    for (const float value : batch.floats()) seen.add(value);
    if (!request_.ignore_nonfinite && seen.nan_count + seen.infinity_count() > 0) {
      throw Error("The batch holds " + std::to_string(seen.nan_count) + " NaN and " +
                  std::to_string(seen.infinity_count()) +
                  " infinities (--nonfinite ignore counts them and goes on).");
    }
    count_ += batch.element_count();
    extrema_.merge(seen);
  }

  const TensorsRequest& request_;
  std::unique_ptr<Samples> samples_;
  uint64_t count_ = 0;
  size_t pass_count_ = 0;
  statistics::Extrema extrema_;
};

const observers::Registry& methods(const TensorsRequest& request) {
  return request.like_ppq ? observers::ppq::registry() : observers::registry();
}

void check(const TensorsRequest& request) {
  request.config.check();
  if (!request.batches.list && !request.batches.stream.next)
    throw std::invalid_argument("No batches were given.");
  if (request.like_ppq && request.config.is_floating()) {
    throw std::invalid_argument("PPQ has no FP8 on the CPU: there is nothing to reproduce.");
  }
}

std::pair<double, double> covered(const TensorQuantizationConfig& config, float scale,
                                  int32_t offset) {
  if (config.is_floating()) {
    const double largest = double{quantization::float8_max(config.float_format)} * double{scale};
    return {-largest, largest};
  }
  return {static_cast<double>(config.quant_min - offset) * double{scale},
          static_cast<double>(config.quant_max - offset) * double{scale}};
}

RestorationError measure(Dump& dump, const TensorQuantizationConfig& config) {
  quantization::ErrorMetrics metrics;
  dump.visit([&](const tensor::TensorView& batch) {
    metrics.add(batch.floats(), quantization::fake_quantize(batch, config).floats());
  });
  return {metrics.mse(), metrics.sqnr_db(), metrics.cosine(), metrics.max_abs_error()};
}

// JSON has no infinity: a number that is none becomes null.
nlohmann::ordered_json finite(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
}

}  // namespace

TensorCalibration calibrate_tensors(const TensorsRequest& request) {
  check(request);
  const auto observer = methods(request).create(request.method, request.config, request.options);
  Dump dump(request);
  observers::Solution solution =
      observers::run(*observer, request.config,
                     [&dump](const observers::BatchVisitor& visitor) { dump.visit(visitor); });
  TensorCalibration result{.method = observers::canonical_method(request.method),
                           .config = request.config};
  for (const auto& [scale, zero_point] : solution.parameters) {
    result.range.push_back(covered(request.config, scale, zero_point));
  }
  observers::activate(solution, result.config);
  result.config.observer = result.method;
  result.count = dump.count();
  result.min = dump.extrema().min;
  result.max = dump.extrema().max;
  result.nan_count = dump.extrema().nan_count;
  result.infinity_count = dump.extrema().infinity_count();
  result.pass_count = dump.pass_count();
  result.figures = std::move(solution.figures);
  if (request.measure) result.error = measure(dump, result.config);
  return result;
}

nlohmann::ordered_json to_json(const TensorCalibration& result) {
  nlohmann::ordered_json json;
  json["method"] = result.method;
  json["scale"] = result.config.scale;
  json["offset"] = result.config.offset;
  json["range"] = result.range;
  json["bits"] = result.config.bits;
  if (!result.config.is_floating()) {
    json["quant_min"] = result.config.quant_min;
    json["quant_max"] = result.config.quant_max;
  }
  json["symmetric"] = result.config.is_symmetric();
  if (result.config.channel_axis) json["channel_axis"] = *result.config.channel_axis;
  json["count"] = result.count;
  json["nan_count"] = result.nan_count;
  json["inf_count"] = result.infinity_count;
  json["min"] = finite(result.min);
  json["max"] = finite(result.max);
  json["passes"] = result.pass_count;
  for (const auto& [name, value] : result.figures) json["figures"][name] = finite(value);
  if (result.error) {
    json["error"] = {{"mse", finite(result.error->mse)},
                     {"sqnr_db", finite(result.error->sqnr_db)},
                     {"cosine", finite(result.error->cosine)},
                     {"max_abs_error", finite(result.error->max_abs_error)}};
  }
  return json;
}

}  // namespace rangefinder::workflow

namespace rangefinder {

std::string TensorCalibration::json() const {
  return workflow::to_json(*this).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace rangefinder
