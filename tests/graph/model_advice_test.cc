#include "graph/model_advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "data/temporary_folder.h"
#include "graph/model_file.h"
#include "support/onnx_builder.h"

namespace rangefinder::graph {
namespace {

using namespace std::string_view_literals;
using testing::HasSubstr;

class ModelAdvice : public testing::Test {
 protected:
  std::string advice(const std::string& name, std::string_view bytes) const {
    write_file(folder_ / name, bytes);
    return model_advice(folder_ / name);
  }

  data::TemporaryFolder folder_;
};

TEST_F(ModelAdvice, TellsFormatsByTheirBytes) {
  EXPECT_THAT(advice("a.onnx", "\x1c\0\0\0TFL3"sv), HasSubstr("tf2onnx.convert --tflite"));
  EXPECT_THAT(advice("a.onnx", "\x89HDF\r\n\x1a\n..."), HasSubstr("Keras"));
  EXPECT_THAT(advice("a.onnx", "\x20\0\0\0ORTM"sv), HasSubstr("ONNX Runtime's own format"));
  EXPECT_THAT(advice("a.onnx", "\x10\0\0\0\0\0\0\0{\"w\":"sv), HasSubstr("without a graph"));
  EXPECT_THAT(advice("a.onnx", "\x80\x02}q"), HasSubstr("torch.onnx.export"));
  EXPECT_THAT(advice("a.onnx", "\x93NUMPY\x01"), HasSubstr("--data takes it"));
  EXPECT_THAT(advice("a.onnx", "\x89RFS\r\n\x1a\n"), HasSubstr("'solve --statistics'"));
  EXPECT_THAT(advice("a.onnx", "version https://git-lfs.github.com/spec/v1\n"),
              HasSubstr("git lfs pull"));
  EXPECT_THAT(advice("a.onnx", "<!DOCTYPE html>"), HasSubstr("web page"));
  EXPECT_THAT(advice("a.pt", "\x1f\x8b\x08"), HasSubstr("gzip"));
}

TEST_F(ModelAdvice, AndWhereTheySayNothingByExtension) {
  for (const char* name : {"a.pt", "A.PTH", "a.ckpt"}) {
    EXPECT_THAT(advice(name, "PK\x03\x04"), HasSubstr("a PyTorch file")) << name;
  }
  EXPECT_THAT(advice("a.keras", "PK\x03\x04"), HasSubstr("Keras"));
  EXPECT_THAT(advice("a.onnx", "PK\x03\x04"), HasSubstr("a zip archive: unpack it first"));
  EXPECT_THAT(advice("a.pb", "\x0a\x05"), HasSubstr("TensorFlow graph"));
  EXPECT_THAT(advice("a.xml", "<?xml?>"), HasSubstr("OpenVINO"));
}

TEST_F(ModelAdvice, FoldersOfModels) {
  std::filesystem::create_directories(folder_ / "saved");
  EXPECT_EQ(model_advice(folder_ / "saved"), "");
  write_file(folder_ / "saved/saved_model.pb", "x");
  EXPECT_THAT(model_advice(folder_ / "saved"), HasSubstr("--saved-model"));
}

TEST_F(ModelAdvice, NothingOfWhatItDoesNotKnow) {
  EXPECT_EQ(advice("a.onnx", "nonsense"), "");
  EXPECT_EQ(advice("empty.pt", ""), "");
  EXPECT_EQ(model_advice(folder_ / "none.pt"), "");
}

TEST_F(ModelAdvice, IsWhatTheErrorSays) {
  write_file(folder_ / "a.pt", "PK\x03\x04");
  EXPECT_THAT([&] { load_model(folder_ / "a.pt"); },
              testing::ThrowsMessage<Error>(HasSubstr("a.pt: is a PyTorch file: ")));
}

TEST_F(ModelAdvice, AnExtensionDoesNotKeepAModelFromBeingRead) {
  test_support::OnnxBuilder b;
  b.input("x", {2});
  b.node("Relu", {"x"}, {"y"});
  b.output("y", {2});
  write_file(folder_ / "model.pb", b.bytes());
  EXPECT_NO_THROW(load_model(folder_ / "model.pb"));
}

}  // namespace
}  // namespace rangefinder::graph
