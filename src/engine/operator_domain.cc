#include "engine/operator_domain.h"

namespace rangefinder::engine {

OperatorDomain::OperatorDomain(ObserveSink& sink) : observe_(sink), domain_(kOperatorDomain) {
  domain_.Add(&observe_);
  domain_.Add(&hard_swish_);
  domain_.Add(&scale_channels_);
  domain_.Add(&channel_means_);
}

}  // namespace rangefinder::engine
