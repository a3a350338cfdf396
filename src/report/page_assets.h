#pragma once

#include <string_view>

namespace rangefinder::report {

// The files of src/report/page/, which CMake puts into the library (EmbedText.cmake).

/// Holds {{title}}, {{style}} and the like, see page.cc.
extern const std::string_view kPageTemplate;
extern const std::string_view kPageStyle;
extern const std::string_view kPageScript;

}  // namespace rangefinder::report
