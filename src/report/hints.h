#pragma once

#include <string>
#include <vector>

namespace rangefinder::report {

/// A command line with an option set: its earlier uses are taken out, and it is added at the end.
/// With another --method go the options that it may not read. Words with other characters than a
/// shell leaves alone are quoted for it. Of an empty command the option alone. `value`: empty for a
/// flag.
std::string with_option(const std::vector<std::string>& command, const std::string& option,
                        const std::string& value = {});

}  // namespace rangefinder::report
