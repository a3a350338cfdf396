#pragma once

// The error that all layers throw is part of the public library.
#include "rangefinder/error.h"
