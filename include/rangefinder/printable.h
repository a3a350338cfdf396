#pragma once

#include <string>
#include <string_view>

#include "rangefinder/export.h"

namespace rangefinder {

/// Text from elsewhere - names in models, names of files - as it may be shown on a terminal: what
/// would move the cursor, start a line, turn the direction of writing or be no UTF-8 becomes an
/// escape (\n, \x1b, \u{202e}). All other text stays as it is, so that doing it twice changes
/// nothing.
///
///     std::cerr << "no such tensor: " << rangefinder::printable(name) << '\n';
///
/// Messages of Error and tables have been through it.
RANGEFINDER_API std::string printable(std::string_view text);

}  // namespace rangefinder
