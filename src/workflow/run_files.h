#pragma once

#include "rangefinder/run_files.h"
