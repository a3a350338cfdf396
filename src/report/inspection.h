#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "rangefinder/inspect.h"
#include "report/summary.h"

namespace rangefinder::report {

using rangefinder::IntegerNodeRow;
using rangefinder::ModelInspection;
using rangefinder::ObservedRow;
using rangefinder::StatisticsInspection;

nlohmann::ordered_json to_json(const StatisticsInspection& inspection);
nlohmann::ordered_json to_json(const ModelInspection& inspection);
std::string to_table(const StatisticsInspection& inspection);
std::string to_table(const ModelInspection& inspection);

}  // namespace rangefinder::report
