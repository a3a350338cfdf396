#pragma once

#include <map>
#include <string>
#include <string_view>

#include "mpi/channel.h"
#include "rangefinder/communicator.h"

namespace rangefinder::mpi {

/// The ranks as the process sees them that does a rank's work: by its keeper, which speaks MPI.
class WorkerRanks : public Communicator {
 public:
  /// Waits for the keeper's first words. Throws Error if it ends before that.
  explicit WorkerRanks(Channel keeper);

  size_t rank() const override { return rank_; }
  size_t size() const override { return size_; }
  void send(size_t to, std::string_view bytes) override;
  std::string receive(size_t from) override;
  void part() override;
  std::map<size_t, std::string> meet() override;

  /// "rank 3 on host7".
  const std::string& name() const { return name_; }
  /// The work ends because other ranks are gone, and another one tells.
  bool is_silent() const { return is_silent_; }

 private:
  Message next() const;
  /// What is answered, behind all that are gone.
  std::string done(std::map<size_t, std::string>& gone);
  /// Throws Error if a rank is gone.
  std::string ask(const Message& request);

  Channel keeper_;
  size_t rank_ = 0;
  size_t size_ = 1;
  std::string name_;
  bool is_silent_ = false;
};

}  // namespace rangefinder::mpi
