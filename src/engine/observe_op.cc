#include "engine/observe_op.h"

#include <exception>

#include "engine/observe_slots.h"

namespace rangefinder::engine {
namespace {

Ort::Status failure(const std::exception& error) { return Ort::Status(error.what(), ORT_FAIL); }

ObserveTarget read_target(const Ort::ConstKernelInfo& info) {
  ObserveTarget target;
  target.index = static_cast<size_t>(info.GetAttribute<int64_t>(kTensorAttribute));
  target.channel_axis = info.GetAttribute<int64_t>(kChannelAxisAttribute);
  target.block = info.GetAttribute<int64_t>(kBlockAttribute);
  target.channels = info.GetAttribute<int64_t>(kChannelsAttribute);
  target.keeps_rows = info.GetAttribute<int64_t>(kKeepsRowsAttribute) != 0;
  target.row_axis = info.GetAttribute<int64_t>(kRowAxisAttribute);
  return target;
}

/// By reference: asking the way the C++ API usually does costs two allocations per node.
tensor::TensorView view_of(const Ort::ConstValue& value) {
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  const int64_t* shape = nullptr;
  size_t rank = 0;
  Ort::ThrowOnError(
      Ort::GetApi().GetTensorElementTypeAndShapeDataReference(value, &type, &shape, &rank));
  return {static_cast<tensor::ElementType>(type), tensor::Shape(shape, shape + rank),
          value.GetTensorRawData()};
}

class ObserveKernel {
 public:
  ObserveKernel(const OrtKernelInfo* info, ObserveSink& sink)
      : target_(read_target(Ort::ConstKernelInfo(info))),
        makes_token_(Ort::ConstKernelInfo(info).GetAttribute<int64_t>(kMakesTokenAttribute) != 0),
        sink_(sink) {}

  OrtStatusPtr ComputeV2(OrtKernelContext* raw) {  // NOLINT(readability-identifier-naming)
    try {
      const Ort::KernelContext context(raw);
      sink_.count(target_, view_of(context.GetInput(0)));
      if (makes_token_) {
        Ort::UnownedValue token = context.GetOutput(0, static_cast<const int64_t*>(nullptr), 0);
        *token.GetTensorMutableData<uint8_t>() = 0;
      }
      return nullptr;
    } catch (const std::exception& error) {
      return failure(error).release();
    }
  }

 private:
  ObserveTarget target_;
  /// An output that nobody asks for need not be made, which saves a third of the call.
  bool makes_token_;
  ObserveSink& sink_;
};

}  // namespace

/// The names of its functions are those that Ort::CustomOpBase asks for.
class ObserveOperator : public Ort::CustomOpBase<ObserveOperator, ObserveKernel, true> {
 public:
  explicit ObserveOperator(ObserveSink& sink) : sink_(&sink) {}

  // NOLINTBEGIN(readability-identifier-naming)
  OrtStatusPtr CreateKernelV2(const OrtApi&, const OrtKernelInfo* info, void** kernel) const {
    try {
      *kernel = new ObserveKernel(info, *sink_);
      return nullptr;
    } catch (const std::exception& error) {
      return failure(error).release();
    }
  }
  const char* GetName() const { return kObserveOperator; }
  size_t GetInputTypeCount() const { return 1; }
  // Undefined stands for any type: the kernel looks at the tensor.
  ONNXTensorElementDataType GetInputType(size_t) const {
    return ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  }
  size_t GetOutputTypeCount() const { return 1; }
  ONNXTensorElementDataType GetOutputType(size_t) const {
    return ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8;
  }
  // NOLINTEND(readability-identifier-naming)

 private:
  ObserveSink* sink_;
};

ObserveDomain::ObserveDomain(ObserveSink& sink)
    : operator_(std::make_unique<ObserveOperator>(sink)), domain_(kObserveDomain) {
  domain_.Add(operator_.get());
}

ObserveDomain::~ObserveDomain() = default;

void ObserveDomain::add_to(Ort::SessionOptions& options) { options.Add(domain_); }

}  // namespace rangefinder::engine
