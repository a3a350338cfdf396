#include "engine/operator_domain.h"

#include "engine/open_runtime.h"

namespace rangefinder::engine {

OperatorDomain::OperatorDomain(ObserveSink& sink, ObservePlace place)
    : observe_(sink, place), domain_(kOperatorDomain) {
  add(observe_);
  add(hard_swish_);
  add(scale_channels_);
  add(channel_means_);
  add(round_);
  add(restore_);
  add(select_);
}

void OperatorDomain::add(OrtCustomOp& op) {
  // The headers may be of a later interface than the library, which would refuse such operators.
  op.version = kRuntimeApiVersion;
  domain_.Add(&op);
}

}  // namespace rangefinder::engine
