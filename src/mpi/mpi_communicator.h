#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "rangefinder/communicator.h"

namespace rangefinder::mpi {

/// The processes that one mpirun (or srun) started. MPI is begun with the first and ended with the
/// last of the process's life, so one is made, by main().
///
/// Waiting costs no core: rank 0 needs them all while the others have nothing to do, and an MPI
/// library waits by asking again and again.
class MpiCommunicator : public Communicator {
 public:
  /// Throws Error if MPI cannot be begun.
  MpiCommunicator(int& argc, char**& argv);
  /// Ends MPI, once all ranks do.
  ~MpiCommunicator() override;
  MpiCommunicator(const MpiCommunicator&) = delete;
  MpiCommunicator& operator=(const MpiCommunicator&) = delete;

  size_t rank() const override { return rank_; }
  size_t size() const override { return size_; }
  void send(size_t to, std::string_view bytes) override;
  std::string receive(size_t from) override;

  /// The machine this rank runs on.
  std::string host() const;
  /// Waits, without using a core, until every rank has called this.
  void meet();
  /// Ends all ranks with this exit code: one of them has failed, and the others wait for it.
  [[noreturn]] void end_all(int exit_code);

 private:
  size_t rank_ = 0;
  size_t size_ = 1;
};

}  // namespace rangefinder::mpi
