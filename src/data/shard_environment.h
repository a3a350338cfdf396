#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "data/split.h"

namespace rangefinder::data {

/// A variable of the environment; nothing if it is not set.
using Environment = std::function<std::optional<std::string>(const char* name)>;

/// This process's own.
std::optional<std::string> process_environment(const char* name);

/// Which of how many processes this is, as those who start many tell each (docs/scale.md):
///
///   Slurm arrays   SLURM_ARRAY_TASK_ID with _MIN, _MAX, _STEP and _COUNT
///   Kubernetes     JOB_COMPLETION_INDEX, and JOB_COMPLETIONS, which the job must set itself
///   Open MPI       OMPI_COMM_WORLD_RANK, OMPI_COMM_WORLD_SIZE
///   other MPI      PMI_RANK, PMI_SIZE
///   srun           SLURM_PROCID, SLURM_NTASKS, within a step (SLURM_STEP_ID)
///
/// Tasks of an array that each start several processes: both together, the processes of a task side
/// by side. Throws std::invalid_argument naming the variables: none of these, numbers that are none
/// or do not fit together, an array with holes.
Shard shard_of(const Environment& environment);

/// parse_shard(), and "auto": what the environment tells.
Shard parse_shard_or_auto(std::string_view text, const Environment& environment);

}  // namespace rangefinder::data
