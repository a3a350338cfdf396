#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "rangefinder/export.h"
#include "rangefinder/method.h"
#include "rangefinder/model.h"
#include "rangefinder/run_control.h"
#include "rangefinder/samples.h"
#include "rangefinder/summary.h"

namespace rangefinder {

struct ImportCacheOptions {
  /// Calibrate what the cache lacks on these samples; without, what reads such tensors stays float.
  std::optional<SampleSource> missing_data = {};
  /// Of those samples the first so many, or all.
  std::optional<size_t> samples = {};
  /// How the missing ranges are found; its patterns are not used.
  Method method = {};
  /// Where the model goes; empty: nowhere.
  std::filesystem::path output = {};
  RunControl run = {};
};

/// An activation that is read as int8.
struct ImportedTensorRow {
  std::string name = {};
  float scale = 0;
  /// "cache": its own line; "input": that of what a node moves its values from; "shared": that of
  /// another tensor of the same codes, which it becomes or is joined with; "calibrated".
  std::string origin = {};
  /// The tensor whose line of the cache it is; empty if it was calibrated.
  std::string cache_name = {};
};

/// A line of the cache that has no tensor of the model.
struct UnknownEntryRow {
  std::string name = {};
  size_t line = 0;
  /// "unnamed" ((Unnamed Layer* N), which TensorRT calls what it made itself), "fused" (the names
  /// of several layers) or "absent".
  std::string kind = {};
};

/// What became of a cache.
struct RANGEFINDER_API CacheReport {
  /// The files.
  std::string cache = {};
  std::string model = {};
  /// Of TensorRT that wrote the cache, "8.6.1", and its calibrator.
  std::string version = {};
  std::string algorithm = {};
  size_t entry_count = 0;
  /// Nodes with weights and products that read int8, of how many.
  size_t int8_count = 0;
  size_t eligible_count = 0;
  std::vector<ImportedTensorRow> tensors = {};
  /// Activations that the cache lacks: what reads them stays float.
  std::vector<std::string> missing = {};
  /// Tensors whose scale in the cache is zero: TensorRT saw nothing but zeros, or did not look.
  std::vector<std::string> zero_scales = {};
  std::vector<UnknownEntryRow> unknown = {};
  /// Lines of tensors that nothing reads as int8, as the output of a convolution before its Relu,
  /// or that have the codes of another one with a line of its own.
  std::vector<std::string> unused = {};
  std::vector<FloatNodeRow> float_nodes = {};

  /// For people; lists of more than ten are shortened.
  std::string table() const;
  /// All of it, for programs (docs/from_tensorrt_caches.md lists the keys).
  std::string json() const;
};

/// A model with explicit QuantizeLinear and DequantizeLinear.
struct ImportedCache {
  Model model;
  CacheReport report = {};
};

/// A calibration cache of TensorRT 5 to 10, which TensorRT 11 does not read, becomes explicit
/// quantization: int8 pairs where TensorRT wants them (docs/from_tensorrt_caches.md).
///
///     auto model = rangefinder::Model::load("model.onnx");
///     auto imported = rangefinder::import_cache("calibration.cache", model,
///                                               {.output = "model.int8.onnx"});
///     std::cout << imported.report.table();
///
/// Throws Error: a cache that is damaged, of another kind or version, naming the line; a model that
/// is quantized already or cannot be brought to operator set 13; a cache none of whose tensors is
/// in the model; a file that cannot be written. std::invalid_argument: an unknown method.
RANGEFINDER_API ImportedCache import_cache(const std::filesystem::path& cache, const Model& model,
                                           const ImportCacheOptions& options = {});

}  // namespace rangefinder
