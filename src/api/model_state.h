#pragma once

#include "engine/model_source.h"
#include "rangefinder/model.h"

namespace rangefinder {

struct Model::State {
  engine::ModelSource source;
};

Model model_of(engine::ModelSource source);

}  // namespace rangefinder
