#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rangefinder::report {

/// Text from elsewhere as it may stand in an HTML page, between tags or in a quoted attribute:
/// printable(), and no character of it is markup.
std::string html_text(std::string_view foreign);

/// JSON as the text of a script element: no `<`, `>` or `&`, so that nothing in it ends the
/// element; UTF-8 whatever its strings hold.
std::string script_json(const nlohmann::ordered_json& json);

/// A figure for people: so many significant digits, thousands apart from 1e6 on as an exponent; "–"
/// where there is none.
std::string figure_text(std::optional<double> value, int digits = 4);
/// 0.0123 is "1.23 %".
std::string percent_text(std::optional<double> share);
/// "12.3"; "exact" if infinite.
std::string decibel_text(std::optional<double> decibels);
std::string bytes_text(double bytes);
/// Seconds as ns, µs, ms, s or min.
std::string duration_text(double seconds);

/// As a page's data hold it: six significant digits, null for what is not finite.
nlohmann::ordered_json short_number(std::optional<double> value, int digits = 6);

/// A column of a table. Numbers stand on the right; what a narrow screen has no room for is minor.
struct Column {
  std::string_view title = {};
  bool is_number = false;
  bool is_minor = false;
  /// By which the page's script sorts; empty: it does not.
  std::string_view key = {};
};

/// A table in the making. Its first column names the rows.
class HtmlTable {
 public:
  /// `attributes`: of the table element, e.g. id="tensors". `caption`: what a screen reader says.
  HtmlTable(std::string_view attributes, std::string_view caption, std::vector<Column> columns);

  /// One cell for each column, as HTML. `attributes`: of the row.
  void add(std::span<const std::string> cells, std::string_view attributes = {});
  size_t size() const { return size_; }
  /// In a box that scrolls sideways.
  std::string html() const;

 private:
  std::vector<Column> columns_;
  std::string label_;
  std::string text_;
  size_t size_ = 0;
};

}  // namespace rangefinder::report
