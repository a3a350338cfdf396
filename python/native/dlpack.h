#pragma once

#include <memory>

#include "casters.h"
#include "rangefinder/tensor.h"
#include "rangefinder/tensor_place.h"

namespace rangefinder::python {

/// A tensor of another library's, looked at where it lies: in the host's memory, or on a CUDA
/// device by DLPack (https://dmlc.github.io/dlpack). Its owner keeps it until this is gone. To be
/// made and dropped with the interpreter's lock.
class ForeignTensor {
 public:
  /// On a CUDA device the values are there for what is put into the device's default stream.
  ///
  /// Throws TypeError for what is no array, lies elsewhere, or holds others than float32, float16
  /// and bfloat16; ValueError for a tensor that is not contiguous; what its owner throws.
  explicit ForeignTensor(nanobind::handle object);
  ~ForeignTensor();
  ForeignTensor(const ForeignTensor&) = delete;
  ForeignTensor& operator=(const ForeignTensor&) = delete;

  const TensorView& view() const { return view_; }
  const TensorPlace& place() const { return place_; }

 private:
  void take_capsule(const nanobind::object& capsule);
  void look(const nanobind::dlpack::dltensor& tensor);

  /// What gives the tensor back to its owner.
  struct Managed;
  std::unique_ptr<Managed> managed_;
  nanobind::ndarray<nanobind::ro, nanobind::c_contig, nanobind::device::cpu> host_array_;
  TensorView view_;
  TensorPlace place_;
};

}  // namespace rangefinder::python
