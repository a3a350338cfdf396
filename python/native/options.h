#pragma once

#include <set>
#include <string>

#include "casters.h"
#include "rangefinder/calibrate_tensor.h"
#include "rangefinder/checkpoint.h"
#include "rangefinder/method.h"
#include "rangefinder/quantize.h"
#include "rangefinder/run_control.h"

namespace rangefinder::python {

/// Keyword arguments on their way into option structs: each field is named once, where it is read,
/// and finish() refuses what nobody read. None means "not given".
class OptionReader {
 public:
  explicit OptionReader(nanobind::dict given) : given_(std::move(given)) {}

  /// Throws TypeError naming the option and what was found.
  template <typename Value>
  void read(const char* name, Value& into) {
    const nanobind::handle found = find(name);
    if (!found.is_valid()) return;
    if (!nanobind::try_cast<Value>(found, into)) refuse(name, found);
  }
  /// For enumerations: parse(word).
  template <typename Parse>
  void read_word(const char* name, Parse parse) {
    std::string word;
    read(name, word);
    if (!word.empty()) parse(word);
  }
  /// Throws TypeError naming the options that nobody read.
  void finish() const;

 private:
  nanobind::handle find(const char* name);
  [[noreturn]] static void refuse(const char* name, nanobind::handle found);

  nanobind::dict given_;
  std::set<std::string> read_;
};

void read(OptionReader& given, PlanOptions& options);
void read(OptionReader& given, Method& method);
void read(OptionReader& given, RunControl& control);
void read(OptionReader& given, Checkpoint& checkpoint);
/// Only for calls that observe.
void read(OptionReader& given, Device& device);

}  // namespace rangefinder::python
