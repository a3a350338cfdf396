#include "mpi/worker_ranks.h"

#include <utility>

#include "rangefinder/error.h"

namespace rangefinder::mpi {

WorkerRanks::WorkerRanks(Channel keeper) : keeper_(std::move(keeper)) {
  const Message hello = next();
  rank_ = hello.rank;
  name_ = "rank " + std::to_string(rank_) + " on " + hello.bytes;
  size_ = next().rank;
}

Message WorkerRanks::next() const {
  auto message = keeper_.read();
  if (!message) throw Error("the process that speaks MPI for this one is gone");
  return std::move(*message);
}

std::string WorkerRanks::ask(const Message& request) {
  keeper_.write(request);
  Message answer = next();
  if (answer.word == Word::kDone) return std::move(answer.bytes);
  const Message rest = next();  // Behind all that are gone.
  is_silent_ = rank_ != (answer.rank == 0 ? 1 : 0);
  throw Error("rank " + std::to_string(answer.rank) + " is gone: " + answer.bytes);
}

void WorkerRanks::send(size_t to, std::string_view bytes) {
  ask({Word::kSend, to, std::string(bytes)});
}

std::string WorkerRanks::receive(size_t from) { return ask({Word::kReceive, from, {}}); }

void WorkerRanks::part() { ask({Word::kPart, 0, {}}); }

std::map<size_t, std::string> WorkerRanks::meet() {
  keeper_.write({Word::kMeet, 0, {}});
  std::map<size_t, std::string> gone;
  for (Message answer = next(); answer.word != Word::kDone; answer = next()) {
    gone.emplace(answer.rank, std::move(answer.bytes));
  }
  size_t first = 0;
  while (gone.contains(first)) ++first;
  is_silent_ = !gone.empty() && first != rank_;
  return gone;
}

}  // namespace rangefinder::mpi
