#pragma once

/// Marks what the shared library librangefinder shows to others; all else in it is hidden.
#define RANGEFINDER_API __attribute__((visibility("default")))
