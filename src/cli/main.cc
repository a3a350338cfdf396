#include "cli/program.h"
#include "cli/signals.h"
#include "cli/standard_streams.h"

int main(int argc, char** argv) {
  rangefinder::cli::secure_standard_streams();
  rangefinder::cli::end_soon_after_interruption();
  return rangefinder::cli::run_program(argc, argv);
}
