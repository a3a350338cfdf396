#include "mpi/keeper.h"

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <thread>
#include <utility>

#include "rangefinder/error.h"

// A loop that looks at everything in turn and never waits for one thing:
//
//   worker   its requests, one at a time, by the channel; whether it lives, by the system
//   others   notices: who has finished, who has ended and how
//   ring     a notice each second to the keeper behind, and how long the one before was silent

namespace rangefinder::mpi {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

/// A wait begins with short naps and ends with long ones.
constexpr microseconds kShortestNap{20};
constexpr microseconds kLongestNap{5000};
/// How long the others may take to end by themselves: they may fail of the same cause.
constexpr milliseconds kGrace{1000};

std::string ending_of(int status) {
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    return "ended by signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
  }
  const int code = WEXITSTATUS(status);
  return code == 0 ? "" : "ended with exit code " + std::to_string(code);
}

int exit_code_of(int status) {
  constexpr int kSignalled = 128;
  return WIFSIGNALED(status) ? kSignalled + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

Keeper::Keeper(World& world, pid_t worker, Channel channel, std::optional<milliseconds> silence)
    : world_(world),
      worker_(worker),
      channel_(std::move(channel)),
      silence_(silence),
      roster_(world.size()),
      name_("rank " + std::to_string(world.rank()) + " on " + World::host()),
      heard_rank_(roster_.before(world.rank())) {}

int Keeper::run() {
  greet();
  while (!roster_.have_all_ended()) {
    if (!is_over_) {
      hear_worker();
      advance();
      look_after_worker();
    }
    hear_others();
    beat();
    end_others();
    nap();
  }
  return leave();
}

void Keeper::greet() {
  reply({Word::kHello, world_.rank(), World::host()});
  reply({Word::kHello, world_.size(), {}});
}

void Keeper::reply(const Message& message) const {
  try {
    channel_.write(message);
  } catch (const Error&) {  // The worker has ended; how, is seen soon.
  }
}

void Keeper::hear_worker() {
  if (transfer_ || is_meeting_ || !channel_.is_readable(0)) return;
  auto request = channel_.read();
  if (!request) return;
  nap_ = microseconds{0};
  answer(std::move(*request));
}

void Keeper::answer(Message request) {
  if (request.word == Word::kSend) {
    transfer_ = Transfer::sending(request.rank, std::move(request.bytes));
  } else if (request.word == Word::kReceive) {
    transfer_ = Transfer::receiving(request.rank);
  } else if (request.word == Word::kPart) {
    is_apart_ = true;
    reply({Word::kDone, 0, {}});
  } else if (request.word == Word::kMeet) {
    is_meeting_ = true;
    roster_.finish(world_.rank());
    tell_all({Notice::Kind::kFinished, world_.rank(), {}});
  }
}

void Keeper::advance() {
  if (is_meeting_) return meet();
  if (!transfer_) return;
  if (transfer_->advance()) {
    reply({Word::kDone, 0, transfer_->take()});
    transfer_.reset();
    nap_ = microseconds{0};
  } else if (roster_.failed()) {
    // Whoever fails breaks what ranks do together: the peer may itself wait for one that is gone.
    refuse(to_blame(transfer_->peer()));
    transfer_.reset();
  }
}

size_t Keeper::to_blame(size_t peer) const {
  if (!roster_.failure(peer).empty()) return peer;
  const auto missing = roster_.missing();
  return missing.empty() ? *roster_.failed() : missing.begin()->first;
}

void Keeper::refuse(size_t rank) const {
  reply({Word::kGone, rank, roster_.failure(rank)});
  reply({Word::kDone, 0, {}});
}

void Keeper::meet() {
  if (!roster_.is_settled()) return;
  const auto missing = roster_.missing();
  is_meeting_ = false;
  is_apart_ = !missing.empty();
  for (const auto& [rank, failure] : missing) reply({Word::kGone, rank, failure});
  reply({Word::kDone, 0, {}});
}

void Keeper::look_after_worker() {
  int status = 0;
  if (::waitpid(worker_, &status, WNOHANG) == worker_) end_worker(status);
}

void Keeper::end_worker(int status) {
  is_over_ = true;
  transfer_.reset();
  exit_code_ = exit_code_of(status);
  std::string failure = ending_of(status);
  // One that fails says why itself.
  if (WIFSIGNALED(status)) {
    std::fprintf(stderr, "rangefinder: %s: %s\n", name_.c_str(), failure.c_str());
  }
  if (!failure.empty()) failure = "on " + World::host() + ", " + failure;
  roster_.end(world_.rank(), failure);
  tell_all({Notice::Kind::kEnded, world_.rank(), failure});
}

void Keeper::end_others() {
  if (!roster_.failed() || is_apart_) return;
  if (!end_others_at_) end_others_at_ = Clock::now() + kGrace;
  if (Clock::now() < *end_others_at_) return;
  if (!is_over_) ::kill(worker_, SIGKILL);
  World::end_all(std::max(exit_code_, 1));
}

void Keeper::hear_others() {
  while (const auto notice = world_.take()) {
    nap_ = microseconds{0};
    const auto rank = static_cast<size_t>(notice->about);
    if (notice->kind == Notice::Kind::kFinished) roster_.finish(rank);
    if (notice->kind == Notice::Kind::kEnded) roster_.end(rank, notice->text);
    if (notice->kind == Notice::Kind::kLost) roster_.lose(rank, notice->text);
    if (notice->kind == Notice::Kind::kAlive && rank == heard_rank_) heard_ = Clock::now();
  }
}

void Keeper::beat() {
  if (!silence_) return;
  const auto now = Clock::now();
  const size_t before = roster_.before(world_.rank());
  if (before != heard_rank_) {
    heard_rank_ = before;
    heard_ = now;
  }
  if (now - beaten_ > *silence_ / 10) {
    beaten_ = now;
    world_.post(roster_.after(world_.rank()), {Notice::Kind::kAlive, world_.rank(), {}});
  }
  if (before == world_.rank() || now - heard_ <= *silence_) return;
  const Notice lost{Notice::Kind::kLost, before, "is not heard of any more"};
  roster_.lose(before, lost.text);
  tell_all(lost);
}

void Keeper::tell_all(const Notice& notice) {
  for (size_t to = 0; to < world_.size(); ++to) {
    if (to != world_.rank() && !roster_.is_lost(to)) world_.post(to, notice);
  }
}

void Keeper::nap() {
  world_.is_posted();
  if (nap_ > microseconds{0}) std::this_thread::sleep_for(nap_);
  nap_ = std::clamp(2 * nap_, kShortestNap, kLongestNap);
}

int Keeper::leave() {
  constexpr milliseconds kPatience{2000};
  // What is still on its way to a keeper that is lost never arrives.
  for (const auto end = Clock::now() + kPatience; !world_.is_posted() && Clock::now() < end;) {
    std::this_thread::sleep_for(kShortestNap);
  }
  if (!roster_.is_any_lost()) World::end();
  if (exit_code_ != 0) return exit_code_;
  return roster_.failed() ? 1 : 0;
}

}  // namespace rangefinder::mpi
