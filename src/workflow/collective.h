#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "rangefinder/communicator.h"

namespace rangefinder::workflow {

// What all ranks do together: each calls the same function. Cost: log2(size) messages one after
// another.

/// Adds up over a binary tree: `bytes` gives what this rank has, `add` takes what another one has.
/// Afterwards rank 0 has everything.
void reduce(Communicator& ranks, const std::function<std::string()>& bytes,
            const std::function<void(std::string_view bytes, size_t from)>& add);

/// What rank 0 gives, to all.
std::string broadcast(Communicator& ranks, std::string bytes);

/// What every rank gives, by rank, to all.
std::vector<std::string> gather_all(Communicator& ranks, const std::string& bytes);

}  // namespace rangefinder::workflow
