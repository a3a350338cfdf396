#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "statistics/envelope.h"
#include "workflow/data_look.h"
#include "workflow/saved_run.h"

namespace {

using namespace rangefinder;

/// Any bytes either give a checkpoint or an Error; what was read is written as the same bytes.
void try_file(std::string_view bytes) {
  try {
    if (workflow::serialize(workflow::parse_saved_run(bytes, "fuzz.ckpt")) != bytes) std::abort();
  } catch (const Error&) {
  }
}

/// The same of what was seen of samples.
void try_looks(std::string_view bytes) {
  try {
    workflow::DataWatch watch;
    watch.add(bytes, "fuzz");
    workflow::DataWatch again;
    again.add(watch.bytes(), "again");
    if (again.bytes() != watch.bytes()) std::abort();
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try_file(bytes);
  const statistics::EnvelopeKind kind{
      .magic = "\x89RFC\r\n\x1a\n", .called = "", .content = "", .newest_format = 1};
  try_file(statistics::wrap(kind, 1, bytes));
  try_looks(bytes);
  return 0;
}
