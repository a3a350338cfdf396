#include "graph/metadata.h"

#include <gtest/gtest.h>

namespace rangefinder::graph {
namespace {

TEST(Metadata, IsFoundReplacedAndAdded) {
  onnx::ModelProto model;
  EXPECT_EQ(find_metadata(model, "a"), nullptr);
  set_metadata(model, "a", "1");
  set_metadata(model, "b", "2");
  set_metadata(model, "a", "3");
  EXPECT_EQ(model.metadata_props_size(), 2);
  EXPECT_EQ(*find_metadata(model, "a"), "3");
  EXPECT_EQ(*find_metadata(model, "b"), "2");
}

}  // namespace
}  // namespace rangefinder::graph
