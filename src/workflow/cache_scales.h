#pragma once

#include <onnx/onnx_pb.h>

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "exporters/tables/calibration_cache.h"
#include "graph/graph.h"
#include "passes/annotate.h"
#include "report/cache_report.h"

namespace rangefinder::workflow {

/// A read of codes that nothing gives a scale: the tensors that a line of the cache would have to
/// tell of.
struct UntoldRead {
  std::string node = {};
  std::vector<std::string> tensors = {};
};

/// The scales that a calibration cache, and what was calibrated beside it, give the codes of a
/// model.
///
/// A tensor's own line counts. Without one, that of what a node moves its values from: values do
/// not become larger on the way. A pair stands before what moves values, so of a tensor that is
/// told only of behind it the line there counts: cut before it is moved or after is the same.
/// Tensors that share their parameters have the largest scale of theirs.
class CacheScales {
 public:
  /// Both must outlive this.
  CacheScales(const exporters::CalibrationCache& cache, onnx::ModelProto& model);

  bool is_in_model(const std::string& tensor) const;
  /// A scale of zero, or a denormal one, tells nothing.
  static bool is_usable(const exporters::CacheEntry& entry);

  void add_calibrated(const std::string& tensor, float scale) { calibrated_[tensor] = scale; }

  /// In graph order of the tensors read.
  std::vector<UntoldRead> untold(const passes::Annotation& annotation) const;

  /// A row for each tensor of codes, which must all be told of; `cache_name` is the line that gave
  /// the scale.
  std::vector<report::ImportedTensorRow> rows(const passes::Annotation& annotation) const;

 private:
  /// A scale, and the tensor of its line; none: it was calibrated.
  struct Given {
    float scale = 0;
    std::string line = {};
  };

  const exporters::CacheEntry* own_line(const std::string& tensor) const;
  const exporters::CacheEntry* line_upwards(const std::string& tensor) const;
  bool is_moved_from(const std::string& tensor, const std::string& source) const;
  std::optional<Given> of_root(const std::string& root) const;
  void collect_untold(const passes::Annotation& annotation, const std::string& tensor,
                      std::unordered_set<std::string>& seen,
                      std::vector<std::string>& untold) const;
  std::map<std::string, Given> of_roots(const passes::Annotation& annotation) const;
  report::ImportedTensorRow row(const passes::QuantizedTensor& tensor, const Given& given) const;

  graph::Graph graph_;
  std::unordered_map<std::string, const exporters::CacheEntry*> lines_;
  std::unordered_map<std::string, float> calibrated_;
};

}  // namespace rangefinder::workflow
