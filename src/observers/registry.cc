#include "observers/registry.h"

#include <algorithm>
#include <cctype>
#include <stdexcept>

#include "base/near_names.h"
#include "observers/built_in.h"

namespace rangefinder::observers {
namespace {

bool is_name_character(unsigned char c) {
  return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
}

std::string list(const std::vector<std::string>& names) {
  std::string result;
  for (const std::string& name : names) result += (result.empty() ? "" : ", ") + name;
  return result;
}

}  // namespace

std::string canonical_method(std::string_view name) {
  std::string result(name);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

bool is_method_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), is_name_character);
}

void Registry::add(std::string_view name, ObserverFactory factory, MethodDescription description) {
  const std::string key = canonical_method(name);
  if (!is_method_name(key)) {
    throw std::invalid_argument(
        "A calibration method's name has letters, digits, '-', '_' and "
        "'.' only, found '" +
        key + "'.");
  }
  if (!factory) throw std::invalid_argument("The method '" + key + "' has no factory.");
  const std::lock_guard lock(mutex_);
  if (!entries_.emplace(key, Entry{std::move(factory), std::move(description)}).second) {
    throw std::invalid_argument("The calibration method '" + key + "' is already registered.");
  }
}

bool Registry::contains(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  return entries_.contains(canonical_method(name));
}

std::vector<std::string> Registry::names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> result;
  for (const auto& [name, entry] : entries_) result.push_back(name);
  return result;
}

std::vector<MethodInfo> Registry::infos() const {
  const std::lock_guard lock(mutex_);
  std::vector<MethodInfo> result;
  for (const auto& [name, entry] : entries_) {
    result.push_back({name, entry.description.summary, entry.description.options});
  }
  return result;
}

std::unique_ptr<Observer> Registry::create(std::string_view name,
                                           const quantization::TensorQuantizationConfig& config,
                                           const CalibrationOptions& options) const {
  ObserverFactory factory;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(canonical_method(name));
    if (found != entries_.end()) factory = found->second.factory;
  }
  if (!factory) {
    const auto known = names();
    throw std::invalid_argument("unknown calibration method '" + std::string(name) +
                                "'; known are " + list(known) + did_you_mean(name, known));
  }
  return factory(config, options);
}

Registry& registry() {
  static Registry& all = *[] {
    auto* created = new Registry;  // lives as long as the program: plug-ins may still refer to it
    add_built_in_observers(*created);
    return created;
  }();
  return all;
}

void register_calibration_observer(std::string_view name, ObserverFactory factory) {
  registry().add(name, std::move(factory));
}

}  // namespace rangefinder::observers
