#include "observers/ppq/methods.h"

#include "observers/ppq/isotone.h"
#include "observers/ppq/kl.h"
#include "observers/ppq/minmax.h"
#include "observers/ppq/mse.h"
#include "observers/ppq/percentile.h"

namespace rangefinder::observers::ppq {
namespace {

using Config = quantization::TensorQuantizationConfig;

template <typename Method>
std::unique_ptr<Observer> make(const Config& config, const CalibrationOptions& /*options*/) {
  return std::make_unique<Method>(config);
}

}  // namespace

const Registry& registry() {
  static const Registry& all = *[] {
    auto* created = new Registry;
    created->add("minmax", make<MinMax>);
    created->add("kl", make<Kl>);
    created->add("mse", make<Mse>);
    created->add("percentile", [](const Config& config, const CalibrationOptions& options) {
      return std::make_unique<Percentile>(config,
                                          detail_or(config, "percentile", options.percentile));
    });
    created->add("isotone", [](const Config& config, const CalibrationOptions& options) {
      return std::make_unique<Isotone>(config, options.axis);
    });
    return created;
  }();
  return all;
}

}  // namespace rangefinder::observers::ppq
