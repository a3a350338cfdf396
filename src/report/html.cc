#include "report/html.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/printable.h"

namespace rangefinder::report {
namespace {

constexpr std::string_view kNone = "–";
/// Of a table of more rows the page's script shows some at first: browsers take long to lay them
/// out.
constexpr size_t kLong = 200;

std::string cell_class(const Column& column) {
  if (column.is_number && column.is_minor) return " class=\"n m\"";
  if (column.is_number) return " class=\"n\"";
  return column.is_minor ? " class=\"m\"" : "";
}

}  // namespace

std::string html_text(std::string_view foreign) {
  std::string text;
  for (const char c : printable(foreign)) {
    switch (c) {
      case '&':
        text += "&amp;";
        break;
      case '<':
        text += "&lt;";
        break;
      case '>':
        text += "&gt;";
        break;
      case '"':
        text += "&quot;";
        break;
      case '\'':
        text += "&#39;";
        break;
      default:
        text += c;
    }
  }
  return text;
}

std::string script_json(const nlohmann::ordered_json& json) {
  const std::string plain =
      json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  std::string text;
  text.reserve(plain.size());
  for (const char c : plain) {
    if (c == '<' || c == '>' || c == '&') {
      fmt::format_to(std::back_inserter(text), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      text += c;
    }
  }
  return text;
}

std::string figure_text(std::optional<double> value, int digits) {
  if (!value || std::isnan(*value)) return std::string(kNone);
  if (std::isinf(*value)) return *value > 0 ? "∞" : "−∞";
  return fmt::format("{:.{}g}", *value, digits);
}

std::string percent_text(std::optional<double> share) {
  if (!share || std::isnan(*share)) return std::string(kNone);
  const double percent = *share * 100;
  if (percent == 0) return "0 %";
  if (percent < 0.001) return "&lt; 0.001 %";
  return fmt::format("{:.{}f} %", percent, percent < 1 ? 3 : 2);
}

std::string decibel_text(std::optional<double> decibels) {
  if (!decibels || std::isnan(*decibels)) return std::string(kNone);
  if (std::isinf(*decibels)) return *decibels > 0 ? "exact" : "no signal";
  return fmt::format("{:.1f}", *decibels);
}

std::string bytes_text(double bytes) {
  if (bytes < 1024) return fmt::format("{:.0f} B", bytes);
  if (bytes < 1024 * 1024) return fmt::format("{:.1f} KiB", bytes / 1024);
  if (bytes < 1024.0 * 1024 * 1024) return fmt::format("{:.2f} MiB", bytes / (1024 * 1024));
  return fmt::format("{:.2f} GiB", bytes / (1024.0 * 1024 * 1024));
}

std::string duration_text(double seconds) {
  if (seconds < 1e-3) return fmt::format("{:.3g} µs", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.3g} ms", seconds * 1e3);
  return seconds < 120 ? fmt::format("{:.2f} s", seconds) : fmt::format("{:.1f} min", seconds / 60);
}

nlohmann::ordered_json short_number(std::optional<double> value, int digits) {
  if (!value || !std::isfinite(*value)) return nullptr;
  if (*value == std::trunc(*value) && std::abs(*value) < 1e15) return static_cast<int64_t>(*value);
  return std::strtod(fmt::format("{:.{}g}", *value, digits).c_str(), nullptr);
}

HtmlTable::HtmlTable(std::string_view attributes, std::string_view caption,
                     std::vector<Column> columns)
    : columns_(std::move(columns)), label_(caption) {
  auto out = std::back_inserter(text_);
  fmt::format_to(out, "<table{}{}><caption>{}</caption>\n<thead><tr>",
                 attributes.empty() ? "" : " ", attributes, caption);
  for (const Column& column : columns_) {
    fmt::format_to(out, "<th scope=\"col\"{}{}>{}</th>", cell_class(column),
                   column.key.empty() ? "" : fmt::format(" data-key=\"{}\"", column.key),
                   column.title);
  }
  text_ += "</tr></thead>\n<tbody>\n";
}

void HtmlTable::add(std::span<const std::string> cells, std::string_view attributes) {
  ++size_;
  auto out = std::back_inserter(text_);
  fmt::format_to(out, "<tr{}{}><th scope=\"row\">{}</th>", attributes.empty() ? "" : " ",
                 attributes, cells[0]);
  for (size_t i = 1; i < columns_.size(); ++i) {
    fmt::format_to(out, "<td{}>{}</td>", cell_class(columns_[i]), cells[i]);
  }
  text_ += "</tr>\n";
}

std::string HtmlTable::html() const {
  return fmt::format(
      "<div class=\"scroll{}\" role=\"region\" tabindex=\"0\" aria-label=\"Table: "
      "{}\">{}</tbody></table>"
      "</div>\n",
      size_ > kLong ? " long" : "", label_, text_);
}

}  // namespace rangefinder::report
