// rangefinder-mpi: the subcommands that run a model on many samples, by all processes of an MPI
// job. Each rank is two processes: one that mpirun started, which speaks MPI and keeps the other,
// and that one, which is the program of src/cli. If it dies, the first lives to tell.

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "cli/program.h"
#include "cli/signals.h"
#include "cli/standard_streams.h"
#include "mpi/keeper.h"
#include "mpi/worker_ranks.h"
#include "mpi/world.h"

namespace rangefinder::mpi {
namespace {

std::atomic<pid_t> g_worker = 0;
static_assert(std::atomic<pid_t>::is_always_lock_free, "read from a signal handler");

extern "C" void pass_on(int signal) {
  if (g_worker > 0) ::kill(g_worker, signal);
}

int work(int argc, char** argv, pid_t keeper, Channel channel) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != keeper) return 1;
  cli::end_soon_after_interruption();
  WorkerRanks ranks(std::move(channel));
  return cli::run_program(argc, argv, {&ranks, ranks.name(), [&] { return ranks.is_silent(); }});
}

/// Whether mpirun lets the others go on when one of those it started is gone, and for how long such
/// a one may be silent. RANGEFINDER_MPI_SILENCE: so many seconds, whoever started them.
std::optional<std::chrono::milliseconds> silence() {
  constexpr double kSeconds = 30;
  const auto milliseconds = [](double seconds) {
    return std::chrono::milliseconds(static_cast<int64_t>(1000 * seconds));
  };
  if (const char* given = std::getenv("RANGEFINDER_MPI_SILENCE")) {
    const double seconds = std::strtod(given, nullptr);
    if (seconds > 0) return milliseconds(seconds);
  }
  const char* recovery = std::getenv("OMPI_MCA_orte_enable_recovery");
  if (recovery == nullptr || std::string(recovery) == "0") return std::nullopt;
  return milliseconds(kSeconds);
}

int keep(int argc, char** argv, pid_t worker, Channel channel) {
  g_worker = worker;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, pass_on);
  ::prctl(PR_SET_NAME, "mpi-keeper");
  try {
    World world(argc, argv);
    return Keeper(world, worker, std::move(channel), silence()).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rangefinder: %s\n", error.what());
    ::kill(worker, SIGKILL);
    World::end_all(1);
  }
}

}  // namespace
}  // namespace rangefinder::mpi

int main(int argc, char** argv) {
  using namespace rangefinder;
  cli::secure_standard_streams();
  auto [mine, other] = mpi::Channel::pair();
  const pid_t keeper = ::getpid();
  const pid_t worker = ::fork();
  if (worker == 0) {
    { const mpi::Channel closed = std::move(mine); }
    return mpi::work(argc, argv, keeper, std::move(other));
  }
  if (worker < 0) {
    std::perror("rangefinder: cannot start a process");
    return 1;
  }
  { const mpi::Channel closed = std::move(other); }
  return mpi::keep(argc, argv, worker, std::move(mine));
}
