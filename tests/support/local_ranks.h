#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "rangefinder/communicator.h"
#include "rangefinder/error.h"

namespace rangefinder::test_support {

/// Ranks that are threads of this process.
class LocalRanks {
 public:
  explicit LocalRanks(size_t count) : count_(count) {}

  /// Calls work(ranks) once for each rank. If some throw, the others' receive() throws Error, or
  /// their meet() tells, and what the first that failed threw is thrown on.
  void run(const std::function<void(Communicator&)>& work) {
    std::exception_ptr failure;
    {
      std::vector<std::jthread> threads;
      for (size_t rank = 0; rank < count_; ++rank) {
        threads.emplace_back([&, rank] {
          Rank mine(*this, rank);
          try {
            work(mine);
          } catch (...) {
            const std::lock_guard lock(mutex_);
            if (!failure) failure = std::current_exception();
            gone_.emplace(rank, "has thrown");
            is_broken_ = is_broken_ || !parted_.contains(rank);
            changed_.notify_all();
          }
        });
      }
    }
    if (failure) std::rethrow_exception(failure);
  }

  size_t message_count() const { return message_count_; }

 private:
  class Rank : public Communicator {
   public:
    Rank(LocalRanks& all, size_t rank) : all_(all), rank_(rank) {}
    size_t rank() const override { return rank_; }
    size_t size() const override { return all_.count_; }
    void send(size_t to, std::string_view bytes) override { all_.send(rank_, to, bytes); }
    std::string receive(size_t from) override { return all_.receive(from, rank_); }
    void part() override { all_.part(rank_); }
    std::map<size_t, std::string> meet() override { return all_.meet(rank_); }

   private:
    LocalRanks& all_;
    size_t rank_;
  };

  void send(size_t from, size_t to, std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    ++message_count_;
    waiting_[{from, to}].emplace_back(bytes);
    changed_.notify_all();
  }

  std::string receive(size_t from, size_t to) {
    std::unique_lock lock(mutex_);
    auto& messages = waiting_[{from, to}];
    changed_.wait(lock, [&] { return !messages.empty() || is_broken_; });
    if (messages.empty()) throw Error("rank " + std::to_string(from) + " is gone");
    std::string bytes = std::move(messages.front());
    messages.pop_front();
    return bytes;
  }

  void part(size_t rank) {
    const std::lock_guard lock(mutex_);
    parted_.insert(rank);
  }

  std::map<size_t, std::string> meet(size_t rank) {
    std::unique_lock lock(mutex_);
    met_.insert(rank);
    changed_.notify_all();
    changed_.wait(lock, [&] {
      for (size_t i = 0; i < count_; ++i) {
        if (!met_.contains(i) && !gone_.contains(i)) return false;
      }
      return true;
    });
    std::map<size_t, std::string> gone;
    for (const auto& [other, how] : gone_) {
      if (!met_.contains(other)) gone.emplace(other, how);
    }
    if (gone.empty()) parted_.erase(rank);
    return gone;
  }

  size_t count_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::pair<size_t, size_t>, std::deque<std::string>> waiting_;
  std::set<size_t> parted_;
  std::set<size_t> met_;
  std::map<size_t, std::string> gone_;
  size_t message_count_ = 0;
  bool is_broken_ = false;
};

}  // namespace rangefinder::test_support
