#include "data/shard_environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <stdexcept>
#include <string>

namespace rangefinder::data {
namespace {

using testing::HasSubstr;
using Variables = std::map<std::string, std::string>;

Environment environment(const Variables& variables) {
  return [variables](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

Shard shard(const Variables& variables) { return shard_of(environment(variables)); }

std::string failure(const Variables& variables) {
  try {
    shard(variables);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "none";
}

Variables array(const char* id, const char* first, const char* last, const char* step,
                const char* count) {
  return {{"SLURM_ARRAY_TASK_ID", id},
          {"SLURM_ARRAY_TASK_MIN", first},
          {"SLURM_ARRAY_TASK_MAX", last},
          {"SLURM_ARRAY_TASK_STEP", step},
          {"SLURM_ARRAY_TASK_COUNT", count}};
}

TEST(ShardEnvironment, EveryStarterIsUnderstood) {
  EXPECT_EQ(shard(array("0", "0", "9", "1", "10")), (Shard{0, 10}));
  EXPECT_EQ(shard(array("7", "1", "9", "2", "5")), (Shard{3, 5}));
  EXPECT_EQ(shard({{"JOB_COMPLETION_INDEX", "2"}, {"JOB_COMPLETIONS", "3"}}), (Shard{2, 3}));
  EXPECT_EQ(shard({{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "4"}}), (Shard{1, 4}));
  EXPECT_EQ(shard({{"PMI_RANK", "1"}, {"PMI_SIZE", "2"}}), (Shard{1, 2}));
  EXPECT_EQ(shard({{"SLURM_PROCID", "5"}, {"SLURM_NTASKS", "8"}, {"SLURM_STEP_ID", "0"}}),
            (Shard{5, 8}));
}

TEST(ShardEnvironment, ProcessesOfTheTasksOfAnArrayAreAllDifferent) {
  std::map<size_t, int> seen;
  for (const char* task : {"1", "2", "3"}) {
    for (const char* process : {"0", "1"}) {
      Variables variables = array(task, "1", "3", "1", "3");
      variables.insert({{"SLURM_PROCID", process}, {"SLURM_NTASKS", "2"}, {"SLURM_STEP_ID", "0"}});
      EXPECT_EQ(shard(variables).count, 6u);
      ++seen[shard(variables).index];
    }
  }
  EXPECT_EQ(seen.size(), 6u);
}

// sbatch -n 8 sets SLURM_NTASKS for its script, too, which is one process and not the first of 8.
TEST(ShardEnvironment, ABatchScriptIsNoTaskOfItsJob) {
  Variables variables = array("1", "0", "3", "1", "4");
  variables.insert({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "8"}});
  EXPECT_EQ(shard(variables), (Shard{1, 4}));
  EXPECT_THAT(failure({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "8"}}), HasSubstr("nothing tells"));
}

// mpirun within srun: the ranks are Open MPI's.
TEST(ShardEnvironment, TheInnermostNumbersTheProcesses) {
  EXPECT_EQ(shard({{"OMPI_COMM_WORLD_RANK", "3"},
                   {"OMPI_COMM_WORLD_SIZE", "4"},
                   {"SLURM_PROCID", "0"},
                   {"SLURM_NTASKS", "2"},
                   {"SLURM_STEP_ID", "0"}}),
            (Shard{3, 4}));
}

TEST(ShardEnvironment, WhatIsMissingOrDoesNotFitIsNamed) {
  EXPECT_THAT(failure({}), HasSubstr("nothing tells which process of how many"));
  EXPECT_EQ(failure({{"JOB_COMPLETION_INDEX", "2"}}),
            "shard auto: JOB_COMPLETION_INDEX is set, JOB_COMPLETIONS is not");
  EXPECT_EQ(failure({{"PMI_RANK", "2"}, {"PMI_SIZE", "2"}}),
            "shard auto: PMI_RANK is 2 and PMI_SIZE is 2");
  EXPECT_EQ(failure({{"PMI_RANK", "two"}, {"PMI_SIZE", "2"}}),
            "shard auto: PMI_RANK is 'two'; a number is needed");
  EXPECT_THAT(failure({{"PMI_RANK", "-1"}, {"PMI_SIZE", "2"}}), HasSubstr("'-1'"));
  EXPECT_THAT(failure({{"PMI_RANK", ""}, {"PMI_SIZE", "2"}}), HasSubstr("''"));
  EXPECT_THAT(failure(array("1", "0", "9", "1", "3")), HasSubstr("an array without holes"));
  EXPECT_THAT(failure(array("3", "0", "9", "2", "5")), HasSubstr("an array without holes"));
  EXPECT_THAT(failure(array("3", "0", "9", "0", "5")), HasSubstr("an array without holes"));
  Variables both = array("0", "0", "0", "1", "1");
  both.insert({{"JOB_COMPLETION_INDEX", "0"}, {"JOB_COMPLETIONS", "1"}});
  EXPECT_THAT(failure(both), HasSubstr("both"));
}

TEST(ShardEnvironment, AWordOrNumbers) {
  const auto two = environment({{"PMI_RANK", "1"}, {"PMI_SIZE", "2"}});
  EXPECT_EQ(parse_shard_or_auto("auto", two), (Shard{1, 2}));
  EXPECT_EQ(parse_shard_or_auto("0/3", two), (Shard{0, 3}));
  EXPECT_THROW(parse_shard_or_auto("Auto", two), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::data
