#include <malloc.h>

#include "cli/program.h"
#include "cli/signals.h"
#include "cli/standard_streams.h"

namespace {

/// By default the GNU allocator keeps ever larger blocks that are freed. Tensors of this size come
/// from the system and go back there: a sixth less memory at the peak, at no cost in time. What is
/// smaller comes and goes while a model is opened, and is kept: a page that is given back and taken
/// again costs more than to fill it. And it is kept in one place for all threads, not in one for
/// each: what a session leaves that one thread opened serves the next one's of another thread.
void set_up_allocator() {
#ifdef __GLIBC__
  ::mallopt(M_MMAP_THRESHOLD, 8 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 64 << 20);
  ::mallopt(M_ARENA_MAX, 1);
#endif
}

}  // namespace

int main(int argc, char** argv) {
  set_up_allocator();
  rangefinder::cli::secure_standard_streams();
  rangefinder::cli::end_soon_after_interruption();
  return rangefinder::cli::run_program(argc, argv);
}
