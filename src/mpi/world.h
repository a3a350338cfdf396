#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>

namespace rangefinder::mpi {

/// What keepers tell each other, beside what their workers do.
struct Notice {
  enum class Kind : uint64_t { kFinished, kEnded, kLost, kAlive };
  Kind kind = Kind::kAlive;
  uint64_t about = 0;
  std::string text = {};
};

/// A message on its way between two ranks, which goes on whenever it is asked.
class Transfer {
 public:
  static Transfer sending(size_t to, std::string bytes);
  static Transfer receiving(size_t from);
  Transfer(Transfer&&) noexcept;
  Transfer& operator=(Transfer&&) noexcept;
  /// What is not over is given up.
  ~Transfer();

  size_t peer() const;
  /// True once it is over. Never waits. Throws Error.
  bool advance();
  /// What was received; empty if it was sent.
  std::string take();

 private:
  struct State;
  explicit Transfer(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

/// The processes that one mpirun (or srun) started. MPI is begun with the first and ended with the
/// last, so one is made, by main().
class World {
 public:
  /// Throws Error if MPI cannot be begun.
  World(int& argc, char**& argv);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  size_t rank() const { return rank_; }
  size_t size() const { return size_; }
  /// The machine this rank runs on.
  static std::string host();

  void post(size_t to, const Notice& notice);
  /// The next notice that has arrived.
  std::optional<Notice> take();
  /// Whether all that was posted has left.
  bool is_posted();

  /// Ends MPI, once all ranks do.
  static void end();
  /// Ends all ranks with this exit code.
  [[noreturn]] static void end_all(int exit_code);

 private:
  struct Posted;

  size_t rank_ = 0;
  size_t size_ = 1;
  std::list<Posted> posted_;
};

}  // namespace rangefinder::mpi
