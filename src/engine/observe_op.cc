#include "engine/observe_op.h"

#include "engine/custom_op.h"

namespace rangefinder::engine {
namespace {

ObserveTarget read_target(const Ort::ConstKernelInfo& info) {
  ObserveTarget target;
  target.index = static_cast<size_t>(info.GetAttribute<int64_t>(kTensorAttribute));
  target.channel_axis = info.GetAttribute<int64_t>(kChannelAxisAttribute);
  target.block = info.GetAttribute<int64_t>(kBlockAttribute);
  target.channels = info.GetAttribute<int64_t>(kChannelsAttribute);
  target.keeps_rows = info.GetAttribute<int64_t>(kKeepsRowsAttribute) != 0;
  target.row_axis = info.GetAttribute<int64_t>(kRowAxisAttribute);
  target.keeps_sums = info.GetAttribute<int64_t>(kKeepsSumsAttribute) != 0;
  target.sum_axis = info.GetAttribute<int64_t>(kSumAxisAttribute);
  target.keeps_spread = info.GetAttribute<int64_t>(kKeepsSpreadAttribute) != 0;
  target.spread_axis = info.GetAttribute<int64_t>(kSpreadAxisAttribute);
  target.is_counted = info.GetAttribute<int64_t>(kIsCountedAttribute) != 0;
  return target;
}

}  // namespace

ObserveKernel::ObserveKernel(const OrtKernelInfo* info, ObserveSink& sink, bool is_on_device)
    : target_(read_target(Ort::ConstKernelInfo(info))),
      makes_token_(Ort::ConstKernelInfo(info).GetAttribute<int64_t>(kMakesTokenAttribute) != 0),
      sink_(sink),
      is_on_device_(is_on_device) {}

OrtStatusPtr ObserveKernel::ComputeV2(OrtKernelContext* raw) {
  return status_of([&] {
    const Ort::KernelContext context(raw);
    if (is_on_device_) {
      sink_.count_on_device(target_, view_of(context.GetInput(0)), context.GetGPUComputeStream());
    } else {
      sink_.count(target_, view_of(context.GetInput(0)));
    }
    if (!makes_token_) return;
    Ort::UnownedValue token = context.GetOutput(0, static_cast<const int64_t*>(nullptr), 0);
    // On a device it is not ours to write, and nobody reads it.
    if (!is_on_device_) *token.GetTensorMutableData<uint8_t>() = 0;
  });
}

OrtStatusPtr ObserveOperator::CreateKernelV2(const OrtApi&, const OrtKernelInfo* info,
                                             void** kernel) const {
  return status_of(
      [&] { *kernel = new ObserveKernel(info, *sink_, place_ != ObservePlace::kCpu); });
}

}  // namespace rangefinder::engine
