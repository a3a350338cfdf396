#include "rangefinder/samples.h"

#include <stdexcept>
#include <utility>

#include "api/samples_state.h"
#include "data/memory_source.h"

namespace rangefinder {

SampleSource::SampleSource(std::shared_ptr<State> state) : state_(std::move(state)) {}

SampleSource SampleSource::from_files(const std::vector<std::filesystem::path>& paths,
                                      const PictureOptions& pictures) {
  return SampleSource(
      std::make_shared<State>(State{.input = workflow::open_input(paths, pictures)}));
}

SampleSource SampleSource::from_memory(std::vector<NamedTensors> samples) {
  if (samples.empty()) throw std::invalid_argument("no samples: the list is empty");
  return SampleSource(std::make_shared<State>(
      State{.input = {.list = std::make_shared<data::MemorySource>(std::move(samples))}}));
}

SampleSource SampleSource::from_generator(SampleGenerator next, std::function<void()> rewind,
                                          uint64_t endless_after) {
  if (!next) throw std::invalid_argument("no samples: the generator is empty");
  return SampleSource(std::make_shared<State>(
      State{.input = {.stream = {std::move(next), std::move(rewind), endless_after}}}));
}

std::optional<NamedTensors> SampleSource::next() {
  if (!state_->input.list) return state_->input.stream.next();
  if (state_->cursor == state_->input.list->size()) return std::nullopt;
  return state_->input.list->read(state_->cursor++);
}

bool SampleSource::rewind() {
  if (state_->input.list) {
    state_->cursor = 0;
    return true;
  }
  if (!state_->input.stream.rewind) return false;
  state_->input.stream.rewind();
  return true;
}

std::optional<uint64_t> SampleSource::size() const {
  if (!state_->input.list) return std::nullopt;
  return state_->input.list->size();
}

}  // namespace rangefinder
