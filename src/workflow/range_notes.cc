#include "workflow/range_notes.h"

#include <fmt/format.h>

#include <set>

namespace rangefinder::workflow {

std::string guard_note(const std::vector<TensorRow>& rows) {
  size_t own_count = 0;
  size_t guarded_count = 0;
  std::set<std::string> methods;
  for (const TensorRow& row : rows) {
    if (row.root != row.name) continue;  // Counted where its range comes from.
    ++own_count;
    if (!row.figures.contains("guard_ratio")) continue;
    ++guarded_count;
    methods.insert(row.method);
  }
  if (guarded_count == 0) return {};
  return fmt::format(
      "{} would lose more than twice what the best range does on {} of {} tensors: those have the "
      "best (guard_ratio in the summary)",
      methods.size() == 1 ? *methods.begin() : "their method", guarded_count, own_count);
}

}  // namespace rangefinder::workflow
