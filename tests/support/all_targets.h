#pragma once

#include <hwy/highway.h>

#include <string>
#include <vector>

namespace rangefinder::test_support {

/// Runs `body` once for each instruction set that was compiled in and that this machine has.
template <class Body>
void for_all_targets(Body body) {
  const std::vector<int64_t> targets = hwy::SupportedAndGeneratedTargets();
  for (const int64_t target : targets) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    body(std::string(hwy::TargetName(target)));
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace rangefinder::test_support
