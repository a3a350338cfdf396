#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
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

  /// Calls work(ranks) once for each rank. If some throw, the others' receive() throws Error, and
  /// what the first that failed threw is thrown on.
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
            if (!is_broken_) failure = std::current_exception();
            is_broken_ = true;
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

  size_t count_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::pair<size_t, size_t>, std::deque<std::string>> waiting_;
  size_t message_count_ = 0;
  bool is_broken_ = false;
};

}  // namespace rangefinder::test_support
