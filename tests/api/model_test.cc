#include "rangefinder/model.h"

#include "api/fixture.h"

namespace rangefinder {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

using ModelTest = ApiTest;

TEST_F(ModelTest, GoesToAFileAndBack) {
  const Model parsed = model();
  EXPECT_TRUE(parsed.file().empty());
  parsed.save(file("net.onnx"));
  const Model loaded = Model::load(file("net.onnx"));
  EXPECT_EQ(loaded.bytes(), parsed.bytes());
  EXPECT_EQ(loaded.file(), file("net.onnx"));
}

TEST_F(ModelTest, TellsItsInterfaceAndRuns) {
  const Model parsed = model();
  ASSERT_EQ(parsed.inputs().size(), 1u);
  EXPECT_EQ(parsed.inputs()[0], (TensorInfo{"x", ElementType::kFloat32, Shape{-1, 3, 8, 8}}));
  EXPECT_EQ(parsed.outputs()[0].name, "y");
  const NamedTensors outputs = parsed.run({{"x", picture(0)}});
  EXPECT_EQ(outputs.at("y").shape(), (Shape{1, 5}));
}

TEST_F(ModelTest, RefusesWhatIsNoFile) {
  EXPECT_THAT([&] { Model::load(file("missing.onnx")); },
              ThrowsMessage<Error>(HasSubstr("missing.onnx")));
  EXPECT_THROW(Model::load("/dev/null"), Error);
  EXPECT_THROW(Model::parse("rubbish").inputs(), Error);
  EXPECT_THAT([] { Model::parse(""); }, ThrowsMessage<Error>(HasSubstr("is empty")));
}

}  // namespace
}  // namespace rangefinder
