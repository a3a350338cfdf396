#include "mpi/roster.h"

#include <algorithm>

namespace rangefinder::mpi {

void Roster::end(size_t rank, const std::string& failure) {
  if (ranks_[rank].has_ended) return;
  ranks_[rank].has_ended = true;
  ranks_[rank].failure = failure;
}

void Roster::lose(size_t rank, const std::string& failure) {
  end(rank, failure);
  ranks_[rank].is_lost = true;
}

bool Roster::is_any_lost() const {
  return std::ranges::any_of(ranks_, [](const Rank& rank) { return rank.is_lost; });
}

bool Roster::have_all_ended() const {
  return std::ranges::all_of(ranks_, [](const Rank& rank) { return rank.has_ended; });
}

bool Roster::is_settled() const {
  return std::ranges::all_of(ranks_,
                             [](const Rank& rank) { return rank.is_finished || rank.has_ended; });
}

std::optional<size_t> Roster::failed() const {
  const auto first =
      std::ranges::find_if(ranks_, [](const Rank& rank) { return !rank.failure.empty(); });
  if (first == ranks_.end()) return std::nullopt;
  return static_cast<size_t>(first - ranks_.begin());
}

std::map<size_t, std::string> Roster::missing() const {
  std::map<size_t, std::string> found;
  for (size_t i = 0; i < ranks_.size(); ++i) {
    const Rank& rank = ranks_[i];
    if (rank.has_ended && !rank.is_finished) found.emplace(i, rank.failure);
  }
  return found;
}

size_t Roster::neighbour(size_t rank, size_t step) const {
  size_t next = (rank + step) % ranks_.size();
  while (next != rank && ranks_[next].is_lost) next = (next + step) % ranks_.size();
  return next;
}

}  // namespace rangefinder::mpi
