#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rangefinder::report {

/// An object of a JSON document that we or another release of ours wrote, and that anybody may have
/// edited: what is missing or null is empty, what is of another type than asked for throws
/// std::invalid_argument naming its place ("tensors[3].scale is "x"; allowed: ...").
class Fields {
 public:
  /// `place`: what the object is called in messages; empty for the document itself. The JSON must
  /// outlive this.
  explicit Fields(const nlohmann::ordered_json& object, std::string place = {});

  bool has(std::string_view key) const;
  std::string text(std::string_view key) const;
  std::optional<double> number(std::string_view key) const;
  bool flag(std::string_view key) const;
  std::optional<Fields> object(std::string_view key) const;
  /// A list of objects.
  std::vector<Fields> rows(std::string_view key) const;
  std::vector<std::string> texts(std::string_view key) const;
  /// NaN for null.
  std::vector<double> numbers(std::string_view key) const;
  /// The keys of numbers that are none of `known`, with the numbers.
  std::vector<std::pair<std::string, double>> other_numbers(
      const std::vector<std::string_view>& known) const;
  /// The objects in this object, with their keys.
  std::vector<std::pair<std::string, Fields>> members() const;

 private:
  const nlohmann::ordered_json* find(std::string_view key) const;
  const nlohmann::ordered_json* list(std::string_view key) const;
  std::string place_of(std::string_view key) const;

  const nlohmann::ordered_json* object_;
  std::string place_;
};

}  // namespace rangefinder::report
