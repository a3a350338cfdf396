// report_pages FOLDER: writes pages of every kind into the folder, for report_test.mjs.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <utility>

#include "report/page.h"
#include "report/page_examples.h"

namespace rangefinder::report {
namespace {

void write(const std::filesystem::path& file, const std::string& page) {
  std::ofstream(file, std::ios::binary) << page;
}

void write_summaries(const std::filesystem::path& folder) {
  const auto names = example_names(8);
  const auto statistics = example_statistics(names);
  const PageRun run = example_run(names, &statistics);
  write(folder / "summary.html", page_of(run));
  write(folder / "bare.html", page_of(example_run(names, nullptr)));
  PageRun untimed = example_run(names, nullptr);
  untimed.document["node_times"] = nullptr;
  for (auto& node : untimed.document["nodes"]) node["float_us"] = node["int8_us"] = nullptr;
  write(folder / "untimed.html", page_of(untimed));
  auto other_names = names;
  other_names.back() = "gone";
  auto before_statistics = example_statistics(other_names, 2000);
  PageRun before = example_run(other_names, &before_statistics);
  before.document["method"] = "minmax";
  before.document["tensors"][2]["range"] = {-100, 100};
  before.document["float_nodes"].clear();
  write(folder / "against.html", page_of(run, &before));
  const auto hostile = hostile_names();
  const auto hostile_statistics = example_statistics(hostile);
  const PageRun bad = example_run(hostile, &hostile_statistics);
  write(folder / "hostile.html", page_of(bad, &bad));
}

void write_large(const std::filesystem::path& folder) {
  const auto names = example_names(2000);
  const auto statistics = example_statistics(names, 4000);
  write(folder / "large.html", page_of(example_run(names, &statistics)));
}

void write_others(const std::filesystem::path& folder) {
  const auto statistics = example_statistics(example_names(8));
  const PageRun seen{.name = "all.rfs", .kind = PageKind::kStatistics, .statistics = &statistics};
  write(folder / "statistics.html", page_of(seen, &seen));
  const PageRun ranges{
      .name = "ranges.json", .kind = PageKind::kRanges, .document = example_ranges()};
  write(folder / "ranges.html", page_of(ranges, &ranges));
  const PageRun analog{.name = "analog.json",
                       .kind = PageKind::kAnalogComparison,
                       .document = example_analog_comparison()};
  write(folder / "analog.html", page_of(analog, &analog));
  write(folder / "compare.html", page_of({.name = "compare.json",
                                          .kind = PageKind::kComparison,
                                          .document = example_comparison()}));
}

}  // namespace
}  // namespace rangefinder::report

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("report_pages FOLDER\n", stderr);
    return 2;
  }
  std::filesystem::create_directories(argv[1]);
  rangefinder::report::write_summaries(argv[1]);
  rangefinder::report::write_large(argv[1]);
  rangefinder::report::write_others(argv[1]);
  return 0;
}
