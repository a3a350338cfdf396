#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>

#include "mpi/channel.h"
#include "mpi/roster.h"
#include "mpi/world.h"

namespace rangefinder::mpi {

/// The process of a rank that speaks MPI, while a child of it, the worker, does the work. However
/// that ends - killed for its memory, by a fault in a library, by an exception - the keeper sees
/// how, tells the keepers of the other ranks, and leaves MPI as it should be left, so that neither
/// mpirun nor MPI ends the others.
///
/// It needs no core: between two looks it naps. Where keepers may be lost, too (mpirun
/// --enable-recovery), they hear from each other in a ring.
class Keeper {
 public:
  /// `silence`: a keeper that is not heard of for so long is lost; none: mpirun looks after that.
  Keeper(World& world, pid_t worker, Channel channel,
         std::optional<std::chrono::milliseconds> silence);

  /// Until the workers of all ranks have ended. Returns the exit code.
  int run();

 private:
  using Clock = std::chrono::steady_clock;

  void greet();
  void hear_worker();
  void answer(Message request);
  void advance();
  void meet();
  void hear_others();
  void beat();
  void look_after_worker();
  void end_worker(int status);
  void end_others();
  void tell_all(const Notice& notice);
  void reply(const Message& message) const;
  void refuse(size_t rank) const;
  size_t to_blame(size_t peer) const;
  void nap();
  int leave();

  World& world_;
  pid_t worker_;
  Channel channel_;
  std::optional<std::chrono::milliseconds> silence_;
  Roster roster_;
  std::string name_;
  /// What the worker waits for.
  std::optional<Transfer> transfer_;
  bool is_meeting_ = false;
  /// Between part() and a meet() at which nobody was missing.
  bool is_apart_ = false;
  int exit_code_ = 0;
  bool is_over_ = false;
  std::optional<Clock::time_point> end_others_at_;
  size_t heard_rank_;
  Clock::time_point heard_ = Clock::now();
  Clock::time_point beaten_ = Clock::now();
  std::chrono::microseconds nap_{0};
};

}  // namespace rangefinder::mpi
