#pragma once

#include <atomic>

namespace rangefinder::cli {

/// Set once the user asked to stop (Ctrl-C, SIGTERM, SIGHUP). The first call installs the handlers;
/// a second Ctrl-C ends the program at once.
const std::atomic<bool>& interrupted();

/// What a program that was interrupted returns: 128 and the signal's number, as shells count; 0 if
/// it was not.
int interruption_exit_code();

/// Ends the process, with that exit code and without temporary files, if it has not ended itself
/// half a second after the first signal (in the middle of a call that cannot be stopped) or at the
/// second signal. To be called once, by main().
void end_soon_after_interruption();

}  // namespace rangefinder::cli
