// A signal is answered in three steps, each for when the one before does not do: the work sees the
// flag and unwinds; a thread of our own ends the process half a second later, or at a second
// signal; a third one ends it by the system's own doing.
#include "cli/signals.h"

#include <semaphore.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <ctime>
#include <string_view>
#include <thread>

#include "rangefinder/run_files.h"

namespace rangefinder::cli {
namespace {

constexpr std::chrono::milliseconds kGrace(500);
constexpr int kSignalled = 128;

std::atomic<bool> g_interrupted = false;
std::atomic<int> g_first_signal = 0;
std::atomic<int> g_count = 0;
std::atomic<bool> g_is_watched = false;
sem_t g_arrived;
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free,
              "set from a signal handler");

extern "C" void note_interrupt(int signal) {
  const int saved = errno;
  const int before = g_count++;
  if (before == 0) {
    g_first_signal = signal;
    g_interrupted = true;
  }
  if (before == 0 || (before == 1 && g_is_watched)) {
    ::sem_post(&g_arrived);
  } else {
    std::signal(signal, SIG_DFL);
    ::raise(signal);  // Delivered when this handler is left.
  }
  errno = saved;
}

void listen(int signal) {
  struct sigaction action = {};
  action.sa_handler = note_interrupt;
  // A read of the program's own goes on; it looks at the flag between two.
  action.sa_flags = SA_RESTART;
  ::sigaction(signal, &action, nullptr);
}

void install() {
  ::sem_init(&g_arrived, 0, 0);
  listen(SIGINT);
  listen(SIGTERM);
  // nohup asks to survive the terminal.
  struct sigaction now = {};
  if (::sigaction(SIGHUP, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) listen(SIGHUP);
}

void wait_for_signal() {
  while (::sem_wait(&g_arrived) != 0) {
  }
}

/// Or until a second signal arrives.
void wait_for_grace() {
  constexpr long kNanoseconds = 1'000'000'000;
  timespec end = {};
  ::clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_nsec += std::chrono::nanoseconds(kGrace).count();
  end.tv_sec += end.tv_nsec / kNanoseconds;
  end.tv_nsec %= kNanoseconds;
  while (::sem_clockwait(&g_arrived, CLOCK_MONOTONIC, &end) != 0 && errno == EINTR) {
  }
}

[[noreturn]] void end_after_grace() {
  wait_for_signal();
  wait_for_grace();
  remove_leftovers();
  constexpr std::string_view kMessage = "rangefinder: interrupted\n";
  static_cast<void>(!::write(STDERR_FILENO, kMessage.data(), kMessage.size()));
  ::_exit(interruption_exit_code());
}

}  // namespace

const std::atomic<bool>& interrupted() {
  static const bool installed = [] {
    install();
    return true;
  }();
  static_cast<void>(installed);
  return g_interrupted;
}

int interruption_exit_code() { return g_interrupted ? kSignalled + g_first_signal : 0; }

void end_soon_after_interruption() {
  interrupted();
  g_is_watched = true;
  std::thread(end_after_grace).detach();
}

}  // namespace rangefinder::cli
