#include "quantization/dominance.h"

#include <numeric>
#include <stdexcept>
#include <string>

namespace rangefinder {

Dominance::Dominance(size_t count) : parents_(count) {
  std::iota(parents_.begin(), parents_.end(), size_t{0});
}

size_t Dominance::root(size_t index) const {
  size_t top = index;
  while (parents_.at(top) != top) top = parents_[top];
  while (parents_[index] != top) {
    const size_t next = parents_[index];
    parents_[index] = top;
    index = next;
  }
  return top;
}

std::vector<size_t> Dominance::group(size_t index) const {
  const size_t top = root(index);
  std::vector<size_t> members;
  for (size_t i = 0; i < size(); ++i) {
    if (root(i) == top) members.push_back(i);
  }
  return members;
}

void Dominance::check(size_t index, size_t other,
                      std::span<const TensorQuantizationConfig> configs) const {
  if (configs.size() != size()) {
    throw std::invalid_argument("Dominance over " + std::to_string(size()) + " configs was given " +
                                std::to_string(configs.size()) + ".");
  }
  if (index == other) {
    throw std::invalid_argument("Config " + std::to_string(index) + " cannot rule itself.");
  }
  if (root(other) == index) {
    throw std::invalid_argument("Config " + std::to_string(index) + " already rules config " +
                                std::to_string(other) + ": a cycle.");
  }
}

void Dominance::dominate(size_t index, size_t dominator,
                         std::span<TensorQuantizationConfig> configs) {
  check(index, dominator, configs);
  const size_t top = root(index);
  const size_t new_top = root(dominator);
  if (top == new_top) return;
  // Both steps are tried on copies first, so that a refusal changes nothing.
  TensorQuantizationConfig old_root = configs[top];
  TensorQuantizationConfig member = configs[index];
  old_root.move_to(State::kOverlapped);
  member.move_to(State::kOverlapped);
  configs[top] = std::move(old_root);
  configs[index] = std::move(member);
  parents_[top] = new_top;
}

void Dominance::master(size_t index, size_t master, std::span<TensorQuantizationConfig> configs) {
  check(index, master, configs);
  const size_t top = root(index);
  const size_t new_top = root(master);
  if (top == new_top) return;
  TensorQuantizationConfig member = configs[top];
  const TensorQuantizationConfig& ruler = configs[new_top];
  member.scale = ruler.scale;
  member.offset = ruler.offset;
  member.move_to(ruler.scale.empty() ? State::kPassiveInit : State::kPassive);
  configs[top] = std::move(member);
  parents_[top] = new_top;
}

void Dominance::propagate(std::span<TensorQuantizationConfig> configs) const {
  for (size_t i = 0; i < configs.size(); ++i) {
    const TensorQuantizationConfig& ruler = configs[root(i)];
    const State state = configs[i].state();
    const bool mastered = state == State::kPassive || state == State::kPassiveInit;
    if (is_root(i) || !mastered || ruler.scale.empty()) continue;
    configs[i].scale = ruler.scale;
    configs[i].offset = ruler.offset;
    configs[i].move_to(State::kPassive);
  }
}

}  // namespace rangefinder
