#pragma once

// Every conversion between C++ and Python that is used anywhere. All sources must know the same
// ones: what a type without a conversion becomes is another thing, and is only noticed at run time.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>
