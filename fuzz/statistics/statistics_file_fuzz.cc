#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "statistics/envelope.h"
#include "statistics/statistics_file.h"

namespace {

using namespace rangefinder;

/// Any bytes either give statistics or an Error; what was read is written as the same bytes, and
/// merges with nothing and with the same counts of other data.
void try_file(std::string_view bytes) {
  try {
    const statistics::StatisticsFile file = statistics::parse_statistics(bytes, "fuzz.rfs");
    if (statistics::serialize(file) != bytes) std::abort();
    statistics::StatisticsFile other = file;
    for (auto& [data, samples] : other.samples) samples = {};
    other.merge(file);
    if (other.sample_count() != file.sample_count()) std::abort();
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try_file(bytes);
  // Head and checksum that fit, so that the fuzzer gets past them (docs/formats/statistics.md).
  const statistics::EnvelopeKind kind{"\x89RFS\r\n\x1a\n", "", "", 2};
  try_file(statistics::wrap(kind, 1, bytes));
  try_file(statistics::wrap(kind, 2, bytes));
  return 0;
}
