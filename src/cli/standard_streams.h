#pragma once

namespace rangefinder::cli {

/// Makes the three standard streams safe to use: a closed one takes nothing and is not mistaken for
/// the next file that is opened; a reader that went away, or a limit on file sizes, is an error of
/// the write rather than the end of the program. To be called once, by main().
void secure_standard_streams();

/// Brings to its reader what was printed. Throws Error if standard output is full or closed.
void flush_standard_output();

}  // namespace rangefinder::cli
