#include "data/shard_environment.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <vector>

namespace rangefinder::data {
namespace {

/// Two variables that tell a process's number and how many there are.
struct Pair {
  const char* index;
  const char* count;
};

constexpr Pair kOpenMpi{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"};
constexpr Pair kPmi{"PMI_RANK", "PMI_SIZE"};
constexpr Pair kStep{"SLURM_PROCID", "SLURM_NTASKS"};
constexpr Pair kKubernetes{"JOB_COMPLETION_INDEX", "JOB_COMPLETIONS"};

/// The variable as a number; nothing if it is not set.
std::optional<uint64_t> number(const Environment& environment, const char* name) {
  const auto text = environment(name);
  if (!text) return std::nullopt;
  uint64_t value = 0;
  const char* const end = text->data() + text->size();
  const auto [parsed, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc() || parsed != end || value > INT32_MAX) {
    throw std::invalid_argument(
        fmt::format("shard auto: {} is '{}'; a number is needed", name, *text));
  }
  return value;
}

uint64_t needed(const Environment& environment, const char* name, const char* beside) {
  if (const auto value = number(environment, name)) return *value;
  throw std::invalid_argument(fmt::format("shard auto: {} is set, {} is not", beside, name));
}

/// Nothing if the first variable is not set.
std::optional<Shard> pair_of(const Environment& environment, const Pair& names) {
  const auto index = number(environment, names.index);
  if (!index) return std::nullopt;
  const uint64_t count = needed(environment, names.count, names.index);
  if (*index >= count) {
    throw std::invalid_argument(
        fmt::format("shard auto: {} is {} and {} is {}", names.index, *index, names.count, count));
  }
  return Shard{static_cast<size_t>(*index), static_cast<size_t>(count)};
}

std::optional<Shard> array_of(const Environment& environment) {
  constexpr const char* kId = "SLURM_ARRAY_TASK_ID";
  const auto id = number(environment, kId);
  if (!id) return std::nullopt;
  const uint64_t first = needed(environment, "SLURM_ARRAY_TASK_MIN", kId);
  const uint64_t last = needed(environment, "SLURM_ARRAY_TASK_MAX", kId);
  const uint64_t count = needed(environment, "SLURM_ARRAY_TASK_COUNT", kId);
  const uint64_t step = number(environment, "SLURM_ARRAY_TASK_STEP").value_or(1);
  const bool is_within = step > 0 && first <= *id && *id <= last && (*id - first) % step == 0;
  if (!is_within || (last - first) / step + 1 != count) {
    throw std::invalid_argument(
        fmt::format("shard auto: {} tasks from SLURM_ARRAY_TASK_MIN {} to _MAX {} in steps of {}, "
                    "this one {}: an array without holes is needed",
                    count, first, last, step, *id));
  }
  return Shard{static_cast<size_t>((*id - first) / step), static_cast<size_t>(count)};
}

/// Of the processes that one task starts, by the first who numbers them.
std::optional<Shard> process_of(const Environment& environment) {
  std::vector<Pair> known = {kOpenMpi, kPmi};
  // A batch script has the other two as well, of the job: it is no task of it.
  if (environment("SLURM_STEP_ID")) known.push_back(kStep);
  for (const Pair& names : known) {
    if (const auto found = pair_of(environment, names)) return found;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> process_environment(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets any.
  if (value == nullptr) return std::nullopt;
  return value;
}

Shard shard_of(const Environment& environment) {
  const auto array = array_of(environment);
  const auto completion = pair_of(environment, kKubernetes);
  if (array && completion) {
    throw std::invalid_argument(
        "shard auto: both SLURM_ARRAY_TASK_ID and JOB_COMPLETION_INDEX are set");
  }
  const auto process = process_of(environment);
  if (!array && !completion && !process) {
    throw std::invalid_argument(
        "shard auto: nothing tells which process of how many this is; known are Slurm arrays "
        "(SLURM_ARRAY_TASK_ID), Kubernetes (JOB_COMPLETION_INDEX with JOB_COMPLETIONS), Open MPI "
        "(OMPI_COMM_WORLD_RANK), PMI (PMI_RANK) and srun (SLURM_PROCID)");
  }
  const Shard outer = array ? *array : completion.value_or(Shard());
  const Shard inner = process.value_or(Shard());
  return {outer.index * inner.count + inner.index, outer.count * inner.count};
}

Shard parse_shard_or_auto(std::string_view text, const Environment& environment) {
  return text == "auto" ? shard_of(environment) : parse_shard(text);
}

}  // namespace rangefinder::data
