#pragma once

#include <cstddef>
#include <functional>
#include <optional>

namespace rangefinder::refine {

/// What bisect() found: the number of leading members taken, and how often it asked.
struct Bisection {
  size_t count = 0;
  size_t tries = 0;
};

/// The fewest leading members of a list of `total`, of those that a bisection looks at, with which
/// `is_enough` says yes; all of them without asking if it never does.
///
/// None is asked first: a choice that is not needed costs one question. After that the answer is
/// taken to be monotone. Where it is not, the result was still answered with yes, or is all.
/// Cost: at most 2 + log2(total) questions, none twice. Where the answer is expected, it is looked
/// for from there on, in steps that double: fewer questions if it is near, at most twice as many if
/// not.
Bisection bisect(size_t total, const std::function<bool(size_t count)>& is_enough,
                 std::optional<size_t> expected = {});

}  // namespace rangefinder::refine
