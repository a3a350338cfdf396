#include "options.h"

#include <stdexcept>
#include <string_view>
#include <vector>

#include "rangefinder/near_names.h"

namespace rangefinder::python {

namespace nb = nanobind;

nb::handle OptionReader::find(const char* name) {
  read_.insert(name);
  if (!given_.contains(name)) return {};
  const nb::handle found = given_[name];
  return found.is_none() ? nb::handle() : found;
}

void OptionReader::refuse(const char* name, nb::handle found) {
  const nb::handle type = reinterpret_cast<PyObject*>(Py_TYPE(found.ptr()));
  const auto word = nb::cast<std::string>(type.attr("__name__"));
  throw nb::type_error(
      (std::string(name) + ": a value of type " + word + " is not allowed").c_str());
}

void OptionReader::finish() const {
  for (const auto& [name, value] : given_) {
    const auto word = nb::cast<std::string>(name);
    if (read_.contains(word)) continue;
    const std::vector<std::string> known(read_.begin(), read_.end());
    throw nb::type_error(("unknown option '" + word + "'" + did_you_mean(word, known)).c_str());
  }
}

void read(OptionReader& given, PlanOptions& options) {
  given.read("target", options.target);
  given.read("exclude", options.exclude);
}

void read(OptionReader& given, Method& method) {
  given.read("method", method.name);
  given.read("method_for", method.for_tensors);
  given.read("percentile", method.options.percentile);
  given.read("alpha", method.options.alpha);
  given.read("axis", method.options.axis);
  given.read("top_k", method.options.top_count);
}

void read(OptionReader& given, Checkpoint& checkpoint) {
  given.read("checkpoint", checkpoint.file);
  given.read("every", checkpoint.every);
  given.read("resume", checkpoint.resume);
}

void read(OptionReader& given, RunControl& control) {
  given.read("jobs", control.jobs);
  given.read("keep", control.keep);
  given.read_word("nonfinite", [&](std::string_view word) {
    if (word != "error" && word != "ignore") {
      throw std::invalid_argument("nonfinite: '" + std::string(word) + "'; allowed: error, ignore");
    }
    control.nonfinite = word == "ignore" ? Nonfinite::kIgnore : Nonfinite::kError;
  });
}

void read(OptionReader& given, Device& device) {
  given.read_word("device", [&](std::string_view word) { device = parse_device(word); });
}

}  // namespace rangefinder::python
