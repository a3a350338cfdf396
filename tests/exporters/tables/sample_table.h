#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "exporters/tables/tensor_table.h"
#include "exporters/tables/writers.h"

namespace rangefinder::exporters {

/// Two layers, and one activation of each kind: of both signs, from zero on, mostly negative,
/// symmetric int8.
inline TensorTable sample_table() {
  TensorTable table{.source = "net.onnx"};
  table.activations = {
      {.name = "images", .root = "images", .scale = {0.5f}, .zero_point = {10}},
      {.name = "relu", .root = "relu", .scale = {0.125f}, .zero_point = {0}},
      {.name = "pool", .root = "relu", .scale = {0.125f}, .zero_point = {0}},
      {.name = "negative", .root = "negative", .scale = {0.5f}, .zero_point = {250}},
      {.name = "even",
       .root = "even",
       .scale = {0.25f},
       .zero_point = {0},
       .quant_min = -128,
       .quant_max = 127}};
  table.parameters = {{.name = "conv1.weight",
                       .root = "conv1.weight",
                       .axis = 0,
                       .scale = {0.5f, 0.25f},
                       .zero_point = {0, 0},
                       .quant_min = -128,
                       .quant_max = 127,
                       .shape = {2, 3, 3, 3}},
                      {.name = "fc.weight",
                       .root = "fc.weight",
                       .scale = {0.125f},
                       .zero_point = {0},
                       .quant_min = -128,
                       .quant_max = 127,
                       .shape = {8, 3}}};
  table.layers = {{.name = "conv1",
                   .op_type = "Conv",
                   .inputs = {"images", ""},
                   .output = "relu",
                   .own_output = "conv1_output",
                   .weight = "conv1.weight",
                   .weight_axis = 0},
                  {.name = "fc",
                   .op_type = "Gemm",
                   .inputs = {"even", ""},
                   .own_output = "fc_output",
                   .weight = "fc.weight",
                   .weight_axis = 1},
                  {.name = "sum",
                   .op_type = "Add",
                   .inputs = {"pool", "negative"},
                   .output = "even",
                   .own_output = "sum"}};
  table.input_shape = {-1, 3, 32, 24};
  return table;
}

/// The same with one activation called otherwise.
inline TensorTable table_with(const std::string& name) {
  TensorTable table = sample_table();
  table.activations[0].name = table.activations[0].root = table.layers[0].inputs[0] = name;
  return table;
}

inline TensorTable table_per_channel() {
  TensorTable table = sample_table();
  table.activations[0].axis = 1;
  table.activations[0].scale = {0.5f, 0.5f, 0.5f};
  table.activations[0].zero_point = {10, 10, 10};
  return table;
}

inline TensorTable table_of_16_bits() {
  TensorTable table = sample_table();
  table.activations[0].quant_max = 65535;
  return table;
}

/// The error that `work` throws; fails the test if there is none.
inline Error error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return Error("none");
}

using Writer = std::string (*)(const TensorTable&, const TableOptions&);

/// What formats of one scale per tensor refuse.
inline void expect_refuses_channels(Writer writer, const TableOptions& options = {}) {
  const Error error = error_of([&] { writer(table_per_channel(), options); });
  EXPECT_EQ(error.place().tensor, "images");
  EXPECT_THAT(error.what(), testing::HasSubstr("3 scales"));
}
inline void expect_refuses_bits(Writer writer, const TableOptions& options = {}) {
  const Error error = error_of([&] { writer(table_of_16_bits(), options); });
  EXPECT_EQ(error.place().tensor, "images");
  EXPECT_THAT(error.what(), testing::HasSubstr("16 bits"));
}
inline void expect_refuses_name(Writer writer, const std::string& name,
                                const TableOptions& options = {}) {
  const Error error = error_of([&] { writer(table_with(name), options); });
  EXPECT_EQ(error.place().tensor, name);
}

}  // namespace rangefinder::exporters
