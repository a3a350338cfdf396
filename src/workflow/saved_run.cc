#include "workflow/saved_run.h"

#include <utility>

#include "statistics/codec.h"
#include "statistics/envelope.h"
#include "statistics/wire.h"

namespace rangefinder::workflow {
namespace {

constexpr statistics::EnvelopeKind kKind{.magic = "\x89RFC\r\n\x1a\n",
                                         .called = "a checkpoint file",
                                         .content = "checkpoint",
                                         .newest_format = 1};

}  // namespace

std::string serialize(const SavedRun& saved) {
  statistics::WireWriter content;
  content.varint(saved.run.size());
  for (const auto& [part, value] : saved.run) {
    content.text(part);
    content.text(value);
  }
  statistics::encode(saved.done, content);
  content.text(saved.passed);
  content.text(saved.gathered);
  return statistics::wrap(kKind, 1, content.bytes());
}

SavedRun parse_saved_run(std::string_view bytes, const std::string& file) {
  statistics::WireReader from(statistics::unwrap(kKind, bytes, file).content, file);
  SavedRun saved;
  const size_t parts = from.count(2);
  for (size_t i = 0; i < parts; ++i) {
    std::string part(from.text());
    saved.run.emplace_back(std::move(part), from.text());
  }
  saved.done = statistics::decode_sample_set(from);
  saved.passed = from.text();
  saved.gathered = from.text();
  if (!from.at_end()) from.fail("bytes behind what was gathered");
  return saved;
}

}  // namespace rangefinder::workflow
