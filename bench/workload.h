#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/sample_source.h"
#include "engine/instrument.h"
#include "engine/model_source.h"
#include "engine/temporary_folder.h"
#include "tensor/tensor.h"

namespace rangefinder::bench {

/// Samples of standard normal values, made when asked for; the same each time.
class NormalSamples : public data::SampleSource {
 public:
  /// Sizes at and behind axis 2 grow by 0, 32, 64, 96 in turn if `ragged`.
  NormalSamples(tensor::Shape shape, size_t count, bool ragged = false);

  size_t size() const override { return count_; }
  tensor::NamedTensors read(size_t index) const override;
  std::string name(size_t index) const override;
  std::string fingerprint() const override { return "0000000000000000"; }

 private:
  tensor::Shape shape_;
  size_t count_;
  bool ragged_;
  /// Sliced at different places, so that making a sample costs no more than reading one.
  std::vector<float> values_;
};

/// A model as it is quantized: what is observed, on what input.
struct Workload {
  std::string name;
  /// The model as given, and as the passes prepare it for observing.
  engine::ModelSource original;
  engine::ModelSource prepared;
  std::vector<engine::ObservedTensor> tensors;
  tensor::Shape shape;
  /// Holds a generated model.
  std::shared_ptr<engine::TemporaryFolder> folder;
};

/// How a command line writes a workload.
inline constexpr char kWorkloadHelp[] =
    "resnet50 (generated), or MODEL.onnx=SHAPE such as net.onnx=1x3x224x224";

/// Whether channels are added up for bias correction, as they are unless --effort is fast.
enum class Sums { kNone, kKept };

/// Throws std::invalid_argument on another form, Error as the passes do.
Workload open_workload(const std::string& argument, Sums sums = Sums::kKept);

}  // namespace rangefinder::bench
