#include "dlpack.h"

#include <cstdint>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

// Arrays of NumPy and buffers go through nanobind, which knows their older ways. All else is asked
// for a capsule, as DLPack's protocol for consumers says: we say in which stream we count, the
// owner makes that stream wait until the values are there, and takes them back when its deleter is
// called.

namespace rangefinder::python {
namespace {

namespace nb = nanobind;
using nb::dlpack::dltensor;

constexpr int kCpu = 1;
constexpr int kCuda = 2;
constexpr int kCudaHost = 3;
constexpr int kCudaManaged = 13;
/// The device's default stream, as DLPack writes it; as the driver does, it is null.
constexpr int kDefaultStream = 1;
constexpr uint32_t kMajor = 1;

/// What a capsule holds: before version 1 of the protocol, and since.
struct Unversioned {
  dltensor tensor;
  void* context;
  void (*deleter)(Unversioned*);
};
struct Versioned {
  uint32_t major;
  uint32_t minor;
  void* context;
  void (*deleter)(Versioned*);
  uint64_t flags;
  dltensor tensor;
};

bool is_cuda(int device_type) { return device_type == kCuda || device_type == kCudaManaged; }

[[noreturn]] void refuse_type(const std::string& message) { throw nb::type_error(message.c_str()); }

std::string name_of_type(nb::handle object) {
  return nb::cast<std::string>(
      nb::handle(reinterpret_cast<PyObject*>(Py_TYPE(object.ptr()))).attr("__name__"));
}

/// "float64".
std::string name_of(const nb::dlpack::dtype& type) {
  constexpr const char* kNames[] = {"int", "uint", "float", nullptr, "bfloat", "complex", "bool"};
  const bool is_known = type.code < std::size(kNames) && kNames[type.code] != nullptr;
  const std::string name = is_known ? kNames[type.code] : "type " + std::to_string(type.code) + " ";
  const std::string lanes = type.lanes == 1 ? "" : "x" + std::to_string(type.lanes);
  return name + std::to_string(type.bits) + lanes;
}

ElementType type_of(const nb::dlpack::dtype& type) {
  using Code = nb::dlpack::dtype_code;
  const auto is = [&](Code code, int bits) {
    return type.code == static_cast<uint8_t>(code) && type.bits == bits && type.lanes == 1;
  };
  if (is(Code::Float, 32)) return ElementType::kFloat32;
  if (is(Code::Float, 16)) return ElementType::kFloat16;
  if (is(Code::Bfloat, 16)) return ElementType::kBfloat16;
  refuse_type(name_of(type) + " values; allowed: float32, float16, bfloat16");
}

void require_contiguous(const dltensor& tensor) {
  if (tensor.strides == nullptr) return;
  const std::span<const int64_t> shape(tensor.shape, static_cast<size_t>(tensor.ndim));
  const std::span<const int64_t> strides(tensor.strides, shape.size());
  bool is_contiguous = true;
  int64_t expected = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    if (shape[i] == 0) return;
    if (shape[i] != 1 && strides[i] != expected) is_contiguous = false;
    expected *= shape[i];
  }
  if (is_contiguous) return;
  throw std::invalid_argument("a tensor " + to_string(shape) + " with strides " +
                              to_string(strides) + " is not contiguous; make it so before");
}

/// (type, number).
std::pair<int, int> device_of(nb::handle object) {
  const nb::object device = object.attr("__dlpack_device__")();
  return {nb::cast<int>(nb::int_(device[0])), nb::cast<int>(nb::int_(device[1]))};
}

nb::object capsule_of(nb::handle object, int device_type) {
  nb::dict arguments;
  if (is_cuda(device_type)) arguments["stream"] = kDefaultStream;
  const nb::object ask = object.attr("__dlpack__");
  try {
    return ask(**arguments, nb::arg("max_version") = nb::make_tuple(kMajor, 0));
  } catch (nb::python_error& error) {
    // An owner of an earlier version knows no such argument.
    if (!error.matches(PyExc_TypeError)) throw;
  }
  return ask(**arguments);
}

}  // namespace

struct ForeignTensor::Managed {
  Unversioned* unversioned = nullptr;
  Versioned* versioned = nullptr;

  ~Managed() {
    if (unversioned != nullptr && unversioned->deleter != nullptr)
      unversioned->deleter(unversioned);
    if (versioned != nullptr && versioned->deleter != nullptr) versioned->deleter(versioned);
  }
};

ForeignTensor::ForeignTensor(nb::handle object) {
  if (nb::hasattr(object, "__dlpack_device__") && !nb::hasattr(object, "__array_interface__")) {
    const auto [type, number] = device_of(object);
    if (type != kCpu && type != kCudaHost && !is_cuda(type)) {
      refuse_type(name_of_type(object) + ": on a device of DLPack type " + std::to_string(type) +
                  "; allowed: the CPU (1), CUDA (2)");
    }
    take_capsule(capsule_of(object, type));
    const auto& found = place_.device;
    const bool is_there = is_cuda(type)
                              ? found.kind == Device::Kind::kCuda && found.number == number
                              : found.kind == Device::Kind::kCpu;
    if (!is_there)
      throw std::invalid_argument("a tensor that lies not on the device that it names");
    return;
  }
  if (!nb::try_cast(object, host_array_)) {
    refuse_type("no array of numbers: " + name_of_type(object));
  }
  const int64_t* const shape = host_array_.shape_ptr();
  view_ = {type_of(host_array_.dtype()), Shape(shape, shape + host_array_.ndim()),
           host_array_.data()};
}

ForeignTensor::~ForeignTensor() = default;

void ForeignTensor::take_capsule(const nb::object& capsule) {
  // From the moment that a capsule is renamed it is ours to give the tensor back.
  managed_ = std::make_unique<Managed>();
  PyObject* const given = capsule.ptr();
  if (PyCapsule_IsValid(given, "dltensor_versioned") != 0) {
    auto* const versioned =
        static_cast<Versioned*>(PyCapsule_GetPointer(given, "dltensor_versioned"));
    PyCapsule_SetName(given, "used_dltensor_versioned");
    managed_->versioned = versioned;
    if (versioned->major != kMajor) {
      refuse_type("DLPack " + std::to_string(versioned->major) + "; allowed: 1");
    }
    return look(versioned->tensor);
  }
  if (PyCapsule_IsValid(given, "dltensor") == 0) refuse_type("no capsule of DLPack, or a used one");
  auto* const unversioned = static_cast<Unversioned*>(PyCapsule_GetPointer(given, "dltensor"));
  PyCapsule_SetName(given, "used_dltensor");
  managed_->unversioned = unversioned;
  look(unversioned->tensor);
}

void ForeignTensor::look(const dltensor& tensor) {
  view_.type = type_of(tensor.dtype);
  view_.shape.assign(tensor.shape, tensor.shape + tensor.ndim);
  view_.data = static_cast<const std::byte*>(tensor.data) + tensor.byte_offset;
  require_contiguous(tensor);
  if (is_cuda(tensor.device.device_type)) {
    place_.device = {.kind = Device::Kind::kCuda, .number = tensor.device.device_id};
  }
}

}  // namespace rangefinder::python
