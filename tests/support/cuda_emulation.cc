// Threads of a grid are fibers (ucontext): each has a stack, and a scheduler that draws the next
// one by lot from those that can go on. A warp function is a meeting: each of the 32 threads leaves
// its value and waits; the last one to come hands all values to everybody. A barrier is a meeting
// of a block.

#include "support/cuda_emulation.h"

#include <ucontext.h>

#include <algorithm>
#include <array>
#include <exception>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#define RANGEFINDER_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RANGEFINDER_ADDRESS_SANITIZER 1
#endif
#endif
#ifdef RANGEFINDER_ADDRESS_SANITIZER
#include <sanitizer/common_interface_defs.h>
#endif

namespace rangefinder::emulation {
namespace {

constexpr uint32_t kWarp = 32;
constexpr uint32_t kBlocksAtATime = 3;
#ifdef RANGEFINDER_ADDRESS_SANITIZER
constexpr size_t kStackSize = size_t{256} << 10;
#else
constexpr size_t kStackSize = size_t{64} << 10;
#endif

using WarpValues = std::array<uint32_t, kWarp>;

/// What the threads of a warp or a block call together.
enum class Function { kNone, kBarrier, kBallot, kMatch, kShuffle };

struct Meeting {
  uint32_t arrived = 0;
  uint64_t round = 0;
  Function function = Function::kNone;
  WarpValues values = {};
  /// Of the round before: a quick thread may meet again before a slow one has read.
  WarpValues result = {};
};

struct Block;

struct Fiber {
  ucontext_t context = {};
  std::unique_ptr<std::byte[]> stack;
  Block* block = nullptr;
  uint32_t thread = 0;
  /// Waits until the meeting's round is another one.
  const Meeting* waits_for = nullptr;
  uint64_t waits_in_round = 0;
  bool is_done = true;
};

struct Block {
  uint32_t number = 0;
  uint32_t running = 0;
  std::vector<uint64_t> shared;
  std::vector<Fiber*> fibers;
  Meeting barrier;
  std::vector<Meeting> warps;
};

class Grid;
thread_local Grid* grid = nullptr;

class Grid {
 public:
  Grid(const Launch& launch, const std::function<void(void*)>& kernel)
      : launch_(launch), kernel_(kernel), random_(launch.seed) {
    if (launch.threads == 0 || launch.threads % kWarp != 0) {
      throw std::logic_error("a block of threads that are no whole warps");
    }
  }

  void run() {
    Grid* const outer = std::exchange(grid, this);
    while (!failure_ && (next_block_ < launch_.blocks || !ready_.empty() || waiting_ != 0)) {
      start_blocks();
      step();
    }
    grid = outer;
    if (failure_) std::rethrow_exception(failure_);
  }

  const Launch& launch() const { return launch_; }
  const Fiber& current() const { return *current_; }

  WarpValues meet(Function function, uint32_t value) {
    Meeting& meeting = current_->block->warps[current_->thread / kWarp];
    meeting.values[current_->thread % kWarp] = value;
    wait_at(meeting, function, kWarp);
    return meeting.result;
  }

  void barrier() { wait_at(current_->block->barrier, Function::kBarrier, launch_.threads); }

  /// Sometimes, others go first.
  void perhaps_yield() {
    if (random_() % 4 == 0) {
      ready_.push_back(current_);
      leave();
    }
  }

 private:
  void wait_at(Meeting& meeting, Function function, uint32_t everybody) {
    if (meeting.arrived != 0 && meeting.function != function) {
      throw std::logic_error("threads that must call the same call different functions");
    }
    meeting.function = function;
    const uint64_t round = meeting.round;
    if (++meeting.arrived == everybody) {
      meeting.arrived = 0;
      meeting.result = meeting.values;
      ++meeting.round;
      wake(meeting);
    } else {
      current_->waits_for = &meeting;
      current_->waits_in_round = round;
      ++waiting_;
      leave();
    }
  }

  void wake(const Meeting& meeting) {
    for (Fiber* fiber : current_->block->fibers) {
      if (fiber->waits_for != &meeting) continue;
      fiber->waits_for = nullptr;
      --waiting_;
      ready_.push_back(fiber);
    }
  }

  void start_blocks() {
    while (next_block_ < launch_.blocks && running_blocks_ < kBlocksAtATime) {
      Block& block = *blocks_.emplace_back(std::make_unique<Block>());
      block.number = next_block_++;
      block.running = launch_.threads;
      block.shared.resize(launch_.shared_size / sizeof(uint64_t) + 1);
      std::ranges::generate(block.shared, std::ref(random_));
      block.warps.resize(launch_.threads / kWarp);
      ++running_blocks_;
      for (uint32_t thread = 0; thread < launch_.threads; ++thread) start(block, thread);
    }
  }

  void start(Block& block, uint32_t thread) {
    Fiber* fiber = nullptr;
    if (free_.empty()) {
      fiber = fibers_.emplace_back(std::make_unique<Fiber>()).get();
      fiber->stack = std::make_unique_for_overwrite<std::byte[]>(kStackSize);
    } else {
      fiber = free_.back();
      free_.pop_back();
    }
    fiber->block = &block;
    fiber->thread = thread;
    fiber->is_done = false;
    getcontext(&fiber->context);
    fiber->context.uc_stack.ss_sp = fiber->stack.get();
    fiber->context.uc_stack.ss_size = kStackSize;
    fiber->context.uc_link = nullptr;
    makecontext(&fiber->context, &Grid::enter, 0);
    block.fibers.push_back(fiber);
    ready_.push_back(fiber);
  }

  /// One thread goes on until it waits.
  void step() {
    if (ready_.empty()) {
      failure_ = std::make_exception_ptr(std::logic_error("all threads wait for others"));
      return;
    }
    std::swap(ready_[random_() % ready_.size()], ready_.back());
    current_ = ready_.back();
    ready_.pop_back();
    switch_to_fiber();
    if (current_->is_done) end(*current_);
  }

  void end(Fiber& fiber) {
    Block& block = *fiber.block;
    std::erase(block.fibers, &fiber);
    free_.push_back(&fiber);
    if (--block.running != 0) return;
    --running_blocks_;
    std::erase_if(blocks_, [&](const auto& other) { return other.get() == &block; });
  }

  static void enter() {
    Grid& self = *grid;
    self.after_switch(nullptr);
    try {
      self.kernel_(self.current_->block->shared.data());
    } catch (...) {
      self.failure_ = std::current_exception();
    }
    self.current_->is_done = true;
    self.leave();
  }

  void switch_to_fiber() {
#ifdef RANGEFINDER_ADDRESS_SANITIZER
    void* fake_stack = nullptr;
    __sanitizer_start_switch_fiber(&fake_stack, current_->stack.get(), kStackSize);
    swapcontext(&scheduler_, &current_->context);
    __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
#else
    swapcontext(&scheduler_, &current_->context);
#endif
  }

  /// Back to the scheduler, until it lets this thread go on.
  void leave() {
#ifdef RANGEFINDER_ADDRESS_SANITIZER
    void* fake_stack = nullptr;
    __sanitizer_start_switch_fiber(current_->is_done ? nullptr : &fake_stack, host_stack_,
                                   host_stack_size_);
    swapcontext(&current_->context, &scheduler_);
    after_switch(fake_stack);
#else
    swapcontext(&current_->context, &scheduler_);
#endif
  }

  void after_switch([[maybe_unused]] void* fake_stack) {
#ifdef RANGEFINDER_ADDRESS_SANITIZER
    __sanitizer_finish_switch_fiber(fake_stack, &host_stack_, &host_stack_size_);
#endif
  }

  const Launch& launch_;
  const std::function<void(void*)>& kernel_;
  std::mt19937_64 random_;
  ucontext_t scheduler_ = {};
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber*> free_;
  std::vector<std::unique_ptr<Block>> blocks_;
  std::vector<Fiber*> ready_;
  Fiber* current_ = nullptr;
  uint32_t next_block_ = 0;
  uint32_t running_blocks_ = 0;
  size_t waiting_ = 0;
  std::exception_ptr failure_;
#ifdef RANGEFINDER_ADDRESS_SANITIZER
  const void* host_stack_ = nullptr;
  size_t host_stack_size_ = 0;
#endif
};

}  // namespace

void run(const Launch& launch, const std::function<void(void* shared)>& kernel) {
  Grid(launch, kernel).run();
}

uint32_t Machine::thread() { return grid->current().thread; }
uint32_t Machine::threads() { return grid->launch().threads; }
uint32_t Machine::block() { return grid->current().block->number; }
uint32_t Machine::blocks() { return grid->launch().blocks; }
void Machine::barrier() { grid->barrier(); }

uint32_t Machine::ballot(bool vote) {
  const WarpValues votes = grid->meet(Function::kBallot, vote ? 1 : 0);
  uint32_t bits = 0;
  for (uint32_t lane = 0; lane < kWarp; ++lane) bits |= votes[lane] << lane;
  return bits;
}

uint32_t Machine::match(uint32_t value) {
  const WarpValues values = grid->meet(Function::kMatch, value);
  uint32_t bits = 0;
  for (uint32_t lane = 0; lane < kWarp; ++lane) {
    bits |= static_cast<uint32_t>(values[lane] == value) << lane;
  }
  return bits;
}

uint32_t Machine::shuffle_xor(uint32_t value, uint32_t mask) {
  return grid->meet(Function::kShuffle, value)[(thread() ^ mask) % kWarp];
}

void Machine::add(uint64_t* to, uint64_t value) {
  grid->perhaps_yield();
  *to += value;
}

uint32_t Machine::take(uint32_t* from, uint32_t value) {
  grid->perhaps_yield();
  return std::exchange(*from, *from + value);
}

void Machine::raise(uint32_t* to, uint32_t value) {
  grid->perhaps_yield();
  *to = std::max(*to, value);
}

void Machine::unite(uint32_t* to, uint32_t bits) {
  grid->perhaps_yield();
  *to |= bits;
}

Machine::Vector Machine::load(const void* from) {
  if (reinterpret_cast<uintptr_t>(from) % sizeof(Vector) != 0) {
    throw std::logic_error("a vector at an address that is no multiple of 16");
  }
  Vector vector;
  std::memcpy(&vector, from, sizeof(vector));
  return vector;
}

}  // namespace rangefinder::emulation
