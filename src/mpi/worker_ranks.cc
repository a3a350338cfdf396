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

std::string WorkerRanks::done(std::map<size_t, std::string>& gone) {
  Message answer = next();
  for (; answer.word != Word::kDone; answer = next()) {
    gone.emplace(answer.rank, std::move(answer.bytes));
  }
  size_t first = 0;
  while (gone.contains(first)) ++first;
  if (!gone.empty()) is_silent_ = first != rank_;
  return std::move(answer.bytes);
}

std::string WorkerRanks::ask(const Message& request) {
  keeper_.write(request);
  std::map<size_t, std::string> gone;
  std::string bytes = done(gone);
  if (gone.empty()) return bytes;
  const auto& [rank, how] = *gone.begin();
  throw Error("rank " + std::to_string(rank) + " is gone: " + how);
}

void WorkerRanks::send(size_t to, std::string_view bytes) {
  ask({Word::kSend, to, std::string(bytes)});
}

std::string WorkerRanks::receive(size_t from) { return ask({Word::kReceive, from, {}}); }

void WorkerRanks::part() { ask({Word::kPart, 0, {}}); }

std::map<size_t, std::string> WorkerRanks::meet() {
  keeper_.write({Word::kMeet, 0, {}});
  std::map<size_t, std::string> gone;
  done(gone);
  return gone;
}

}  // namespace rangefinder::mpi
