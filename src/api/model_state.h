#pragma once

#include "engine/model_source.h"
#include "rangefinder/model.h"

namespace rangefinder {

struct Model::State {
  engine::ModelSource source;
};

/// A public model of serialized bytes.
Model model_of(std::string bytes, std::filesystem::path file = {});

}  // namespace rangefinder
