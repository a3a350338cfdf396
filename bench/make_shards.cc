// make_shards FILE N FOLDER: the statistics file of one run as N shards of one, each with one
// sample and all that the file counted: as many files for `merge` as are wanted, without as many
// runs.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "rangefinder/error.h"
#include "statistics/statistics_file.h"

int main(int argc, char** argv) {
  using namespace rangefinder;
  if (argc != 4) {
    std::fputs("usage: make_shards FILE N FOLDER\n", stderr);
    return 2;
  }
  try {
    statistics::StatisticsFile file = statistics::read_statistics(argv[1]);
    const uint64_t count = std::strtoull(argv[2], nullptr, 10);
    const uint64_t data = file.samples.begin()->first;
    file.whole = {{data, statistics::SampleSet::from_runs({{0, count - 1}})}};
    for (uint64_t i = 0; i < count; ++i) {
      file.samples = {{data, statistics::SampleSet::of({i})}};
      statistics::write_statistics(std::filesystem::path(argv[3]) / (std::to_string(i) + ".rfs"),
                                   file);
    }
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "make_shards: %s\n", error.what());
    return 1;
  }
}
