#include "data/npy_pipe.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "base/error.h"
#include "data/npy.h"
#include "data/pipe_stream.h"

namespace rangefinder::data {
namespace {

/// The pipe, and how far it has been read.
struct Arrays {
  PipeStream pipe;
  HeaderCheck check = {};
  uint64_t count = 0;

  std::optional<tensor::NamedTensors> next() {
    if (pipe.at_end()) return std::nullopt;
    const std::string place = fmt::format("{}[{}]", pipe.name(), count++);
    NpyReader reader(pipe, place);
    try {
      if (check) check({{"", reader.header()}});
    } catch (const Error& error) {
      throw error.within({.file = place});
    }
    tensor::NamedTensors sample;
    sample.emplace("", reader.read());
    return sample;
  }
};

}  // namespace

SampleStream open_pipe(const std::vector<std::filesystem::path>& paths) {
  if (paths.size() != 1) {
    throw Error(fmt::format("is a pipe, but {} paths are given for samples: a pipe must be the "
                            "only one",
                            paths.size()),
                {.file = pipe_among(paths).value_or("").string()});
  }
  const auto arrays = std::make_shared<Arrays>(Arrays{.pipe = PipeStream(paths.front())});
  return {.next = [arrays] { return arrays->next(); },
          .check_with = [arrays](HeaderCheck check) { arrays->check = std::move(check); }};
}

}  // namespace rangefinder::data
