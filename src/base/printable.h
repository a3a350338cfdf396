#pragma once

// How foreign text is shown is part of the public library.
#include "rangefinder/printable.h"
