#include "workflow/decisions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>
#include <unordered_set>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/near_names.h"
#include "report/json_text.h"
#include "targets/wider.h"

namespace rangefinder::workflow {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kFormat[] = "rangefinder decisions";
constexpr int64_t kVersion = 1;
/// With wider codes, of which programs that know the first version alone would make nothing.
constexpr int64_t kVersionWithWide = 2;
constexpr std::array<std::string_view, 3> kWritten = {"quantized", "prepared float", "float"};

const Json& member(const Json& object, std::string_view key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (found == object.end()) throw std::invalid_argument(fmt::format("'{}' is missing", key));
  return *found;
}

const Json& list(const Json& object, std::string_view key) {
  const Json& value = member(object, key);
  if (!value.is_array()) throw std::invalid_argument(fmt::format("'{}' is no list", key));
  return value;
}

uint64_t parse_fingerprint(const std::string& text) {
  const bool is_hex =
      text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_hex) throw std::invalid_argument("'model' is no fingerprint of 16 hex digits");
  return std::strtoull(text.c_str(), nullptr, 16);
}

report::DecisionRow parse_part(const Json& json) {
  report::DecisionRow part{.node = json_string(member(json, "node"), "node"),
                           .op_type = json_string(member(json, "op_type"), "op_type"),
                           .reason = json_string(member(json, "reason"), "reason")};
  const Json& decibels = member(json, "sqnr_db");
  if (!decibels.is_null()) part.sqnr_db = json_number(decibels, "sqnr_db");
  return part;
}

Json parts_json(const std::vector<report::DecisionRow>& parts) {
  Json rows = Json::array();
  for (const auto& part : parts) rows.push_back(report::to_json(part));
  return rows;
}

Decisions parse(const std::string& text) {
  const Json json = parse_json(text);
  if (json_string(member(json, "format"), "format") != kFormat) {
    throw std::invalid_argument(fmt::format("'format' is not '{}'", kFormat));
  }
  const int64_t version =
      json_integer(member(json, "version"), "version", kVersion, kVersionWithWide);
  Decisions decisions{
      .model_fingerprint = parse_fingerprint(json_string(member(json, "model"), "model")),
      .target = json_string(member(json, "target"), "target"),
      .written = json_string(member(json, "written"), "written")};
  if (std::find(kWritten.begin(), kWritten.end(), decisions.written) == kWritten.end()) {
    throw std::invalid_argument("'written' is none of quantized, prepared float, float");
  }
  for (const Json& part : list(json, "parts")) decisions.parts.push_back(parse_part(part));
  for (const Json& node : list(json, "float_nodes")) {
    decisions.nodes.push_back(json_string(node, "a float node"));
  }
  if (version == kVersion) return decisions;
  for (const Json& part : list(json, "wide_parts")) {
    decisions.wide_parts.push_back(parse_part(part));
  }
  for (const Json& node : list(json, "wide_nodes")) {
    decisions.wide_nodes.push_back(json_string(node, "a wide node"));
  }
  return decisions;
}

void require_nodes(const Decisions& decisions, const Plan& plan, const std::string& file) {
  std::vector<std::string> known;
  for (const auto& node : plan.prepared.model.graph().node()) known.push_back(node.name());
  std::sort(known.begin(), known.end());
  for (const auto* nodes : {&decisions.nodes, &decisions.wide_nodes}) {
    for (const auto& name : *nodes) {
      if (std::binary_search(known.begin(), known.end(), name)) continue;
      throw Error("is a node that the model does not have" + did_you_mean(name, known),
                  {.file = file, .node = name});
    }
  }
  const std::unordered_set<std::string> in_float(decisions.nodes.begin(), decisions.nodes.end());
  for (const auto& name : decisions.wide_nodes) {
    if (!in_float.contains(name)) continue;
    throw Error("is both float and on wider codes", {.file = file, .node = name});
  }
}

void require_fit(const Decisions& decisions, const Plan& plan, const std::string& file) {
  const uint64_t fingerprint = plan.prepared.fingerprint.get();
  if (decisions.model_fingerprint != fingerprint) {
    throw Error(fmt::format("was made for another model ({:016x}); {} is {:016x}",
                            decisions.model_fingerprint, plan.source.name(), fingerprint),
                {.file = file});
  }
  if (decisions.target != plan.target->name) {
    throw Error(fmt::format("was made for the target '{}'; this run's is '{}'", decisions.target,
                            plan.target->name),
                {.file = file});
  }
  if (!decisions.wide_nodes.empty() && targets::wider_target(*plan.target) == nullptr) {
    throw Error(fmt::format("has nodes on wider codes, which the target '{}' does not have",
                            plan.target->name),
                {.file = file, .node = decisions.wide_nodes.front()});
  }
  require_nodes(decisions, plan, file);
}

}  // namespace

std::string decisions_text(const Decisions& decisions) {
  const bool has_wide = !decisions.wide_nodes.empty();
  Json text = {{"format", kFormat},
               {"version", has_wide ? kVersionWithWide : kVersion},
               {"model", fmt::format("{:016x}", decisions.model_fingerprint)},
               {"target", decisions.target},
               {"written", decisions.written},
               {"parts", parts_json(decisions.parts)},
               {"float_nodes", decisions.nodes}};
  if (has_wide) {
    text["wide_parts"] = parts_json(decisions.wide_parts);
    text["wide_nodes"] = decisions.wide_nodes;
  }
  return report::json_text(text);
}

Decisions read_decisions(const std::filesystem::path& file, const Plan& plan) {
  Decisions decisions;
  try {
    decisions = parse(read_file(file));
  } catch (const std::invalid_argument& error) {
    throw Error(fmt::format("is no decisions file: {}", error.what()), {.file = file.string()});
  }
  require_fit(decisions, plan, file.string());
  return decisions;
}

}  // namespace rangefinder::workflow
