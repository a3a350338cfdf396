#include "workflow/collective.h"

#include <map>
#include <utility>

#include "statistics/wire.h"

// The tree of four ranks, and of any number that is no power of two with branches missing:
//
//   step 1    0 <- 1    2 <- 3
//   step 2    0 <------ 2

namespace rangefinder::workflow {

void reduce(Communicator& ranks, const std::function<std::string()>& bytes,
            const std::function<void(std::string_view bytes, size_t from)>& add) {
  const size_t rank = ranks.rank();
  for (size_t step = 1; step < ranks.size(); step *= 2) {
    if (rank % (2 * step) != 0) return ranks.send(rank - step, bytes());
    if (rank + step < ranks.size()) add(ranks.receive(rank + step), rank + step);
  }
}

std::string broadcast(Communicator& ranks, std::string bytes) {
  const size_t rank = ranks.rank();
  size_t step = 1;
  while (step < ranks.size()) step *= 2;
  for (; step >= 1; step /= 2) {
    if (rank % (2 * step) == step) bytes = ranks.receive(rank - step);
    if (rank % (2 * step) == 0 && rank + step < ranks.size()) ranks.send(rank + step, bytes);
  }
  return bytes;
}

std::vector<std::string> gather_all(Communicator& ranks, const std::string& bytes) {
  std::map<size_t, std::string> known = {{ranks.rank(), bytes}};
  const auto packed = [&] {
    statistics::WireWriter to;
    to.varint(known.size());
    for (const auto& [rank, text] : known) {
      to.varint(rank);
      to.text(text);
    }
    return to.bytes();
  };
  const auto add = [&](std::string_view text) {
    statistics::WireReader from(text, "a message of another rank");
    for (size_t left = from.count(2); left > 0; --left) {
      const size_t rank = from.varint();
      known[rank] = from.text();
    }
  };
  reduce(ranks, packed, [&](std::string_view text, size_t) { add(text); });
  add(broadcast(ranks, packed()));
  std::vector<std::string> all;
  for (auto& [rank, text] : known) all.push_back(std::move(text));
  return all;
}

}  // namespace rangefinder::workflow
