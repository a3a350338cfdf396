#pragma once

// Which names are near is part of the public library.
#include "rangefinder/near_names.h"
