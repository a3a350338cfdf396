#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace rangefinder::mpi {

/// What a keeper knows of all ranks.
///
/// Keepers stand in a ring: each hears from the one before it, and tells all when that falls
/// silent. So each listens to one other, however many there are, and whoever is lost is noticed.
class Roster {
 public:
  explicit Roster(size_t size) : ranks_(size) {}

  /// It has done its part.
  void finish(size_t rank) { ranks_[rank].is_finished = true; }
  /// Its worker has ended; `failure` tells how, if not well. What was known first stays.
  void end(size_t rank, const std::string& failure);
  /// Its keeper is gone, too.
  void lose(size_t rank, const std::string& failure);

  bool is_lost(size_t rank) const { return ranks_[rank].is_lost; }
  bool is_any_lost() const;
  bool have_all_ended() const;
  /// Nobody will do more of its part than it has.
  bool is_settled() const;
  /// The first that failed, if one did.
  std::optional<size_t> failed() const;
  const std::string& failure(size_t rank) const { return ranks_[rank].failure; }
  /// Those that ended without having done their part, and how.
  std::map<size_t, std::string> missing() const;

  /// The nearest rank behind this one, in the ring, whose keeper is there; itself if none is.
  size_t after(size_t rank) const { return neighbour(rank, 1); }
  /// The nearest one before it.
  size_t before(size_t rank) const { return neighbour(rank, ranks_.size() - 1); }

 private:
  struct Rank {
    bool is_finished = false;
    bool has_ended = false;
    bool is_lost = false;
    std::string failure = {};
  };

  size_t neighbour(size_t rank, size_t step) const;

  std::vector<Rank> ranks_;
};

}  // namespace rangefinder::mpi
