#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "rangefinder/import_cache.h"

namespace rangefinder::report {

using rangefinder::CacheReport;
using rangefinder::ImportedTensorRow;
using rangefinder::UnknownEntryRow;

nlohmann::ordered_json to_json(const CacheReport& report);

/// What a person wants to see: counts, and of each list its first lines.
std::string to_table(const CacheReport& report);

}  // namespace rangefinder::report
