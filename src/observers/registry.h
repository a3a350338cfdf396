#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "observers/calibration_options.h"
#include "observers/observer.h"
#include "rangefinder/method_info.h"

namespace rangefinder::observers {

/// Makes an observer for one tensor's config. Throws std::invalid_argument if the method cannot
/// serve such a config or the options make no sense to it.
using ObserverFactory = std::function<std::unique_ptr<Observer>(
    const quantization::TensorQuantizationConfig&, const CalibrationOptions&)>;

/// What is said of a method beside its name, see MethodInfo.
struct MethodDescription {
  std::string summary = {};
  /// By default those that a plug-in is told.
  std::vector<std::string> options = {"percentile", "alpha"};
};

/// Calibration methods by name. Names ignore case. Safe to use from several threads.
class Registry {
 public:
  /// Throws std::invalid_argument if the name is empty, has anything but letters, digits, '-', '_'
  /// and '.', or is taken.
  void add(std::string_view name, ObserverFactory factory, MethodDescription description = {});

  bool contains(std::string_view name) const;
  /// Lower-case, sorted.
  std::vector<std::string> names() const;
  /// Of all methods, in the order of names().
  std::vector<MethodInfo> infos() const;

  /// Throws std::invalid_argument listing the known methods if there is none of this name, and
  /// what the factory throws.
  std::unique_ptr<Observer> create(std::string_view name,
                                   const quantization::TensorQuantizationConfig& config,
                                   const CalibrationOptions& options = {}) const;

 private:
  struct Entry {
    ObserverFactory factory;
    MethodDescription description;
  };

  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

/// The program's methods: the built-in ones and what was registered.
Registry& registry();

/// Adds a method to registry(). Throws as Registry::add() does.
void register_calibration_observer(std::string_view name, ObserverFactory factory);

/// The name as the registry holds it: lower case.
std::string canonical_method(std::string_view name);
/// True if the name is not empty and has letters, digits, '-', '_' and '.' only.
bool is_method_name(std::string_view name);

}  // namespace rangefinder::observers
