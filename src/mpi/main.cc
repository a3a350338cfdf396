// rangefinder-mpi: the subcommands that run a model on many samples, by all processes of an MPI
// job. The program is that of src/cli; here it is begun on every rank.

#include "cli/program.h"
#include "cli/signals.h"
#include "cli/standard_streams.h"
#include "mpi/mpi_communicator.h"

int main(int argc, char** argv) {
  rangefinder::cli::secure_standard_streams();
  rangefinder::mpi::MpiCommunicator ranks(argc, argv);
  rangefinder::cli::end_soon_after_interruption();
  const std::string name = "rank " + std::to_string(ranks.rank()) + " on " + ranks.host();
  const int exit_code = rangefinder::cli::run_program(argc, argv, {&ranks, name});
  if (exit_code != 0) ranks.end_all(exit_code);
  ranks.meet();
  return 0;
}
