#include "graph/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/folder_fixture.h"
#include "graph/constants.h"

namespace rangefinder::graph {
namespace {

using testing::HasSubstr;

class Weights : public FolderTest {
 protected:
  Weights() {
    content_.resize(3 << 20);
    for (size_t i = 0; i < content_.size(); ++i) content_[i] = static_cast<char>(i % 251);
    write_file(file("w"), content_);
  }

  std::string content_;
};

TEST_F(Weights, AReferenceTellsWhereTheBytesAre) {
  onnx::TensorProto tensor = make_floats("t", {2}, std::array{1.0f, 2.0f});
  EXPECT_FALSE(lies_in_file(tensor));
  EXPECT_EQ(raw_size(tensor), 8u);
  refer_to(tensor, {file("w"), 100, 4000});
  EXPECT_TRUE(lies_in_file(tensor));
  EXPECT_TRUE(tensor.raw_data().empty());
  EXPECT_EQ(raw_size(tensor), 4000u);
  const FileSlice slice = slice_of(tensor);
  EXPECT_EQ(slice.file, file("w"));
  EXPECT_EQ(slice.offset, 100u);
  EXPECT_EQ(slice.size, 4000u);
  EXPECT_THROW(refer_to(tensor, {"w", 0, 1}), std::invalid_argument);
}

TEST_F(Weights, AreReadFromTheirPlace) {
  std::string bytes(1000, '\0');
  read_slice({file("w"), 7, 1000}, std::as_writable_bytes(std::span(bytes)));
  EXPECT_EQ(bytes, content_.substr(7, 1000));
  std::string all;
  for_each_block({file("w"), 5, content_.size() - 5}, [&](std::string_view b) { all += b; });
  EXPECT_EQ(all, content_.substr(5));
}

TEST_F(Weights, ThatAreGoneAreAnError) {
  const auto error_of = [](const FileSlice& slice) -> std::string {
    try {
      std::string bytes(slice.size, '\0');
      read_slice(slice, std::as_writable_bytes(std::span(bytes)));
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(error_of({file("w"), content_.size() - 10, 11}), HasSubstr("become shorter"));
  EXPECT_THAT(error_of({file("none"), 0, 1}), HasSubstr("none"));
  EXPECT_EQ(error_of({file("w"), content_.size() - 10, 10}), "no error");
}

TEST_F(Weights, AConstantIsReadThroughItsReference) {
  onnx::TensorProto tensor = make_floats("t", {2}, std::array{1.0f, 2.0f});
  write_file(file("floats"), tensor.raw_data());
  refer_to(tensor, {file("floats"), 0, 8});
  EXPECT_EQ(read_constant(tensor).floats()[1], 2.0f);
  tensor.set_dims(0, 3);
  EXPECT_THROW(read_constant(tensor), Error) << "its shape needs more";
}

}  // namespace
}  // namespace rangefinder::graph
