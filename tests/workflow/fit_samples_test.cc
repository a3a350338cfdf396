#include "workflow/fit_samples.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdexcept>
#include <thread>

#include "base/descriptor.h"
#include "base/error.h"
#include "data/tar_archive.h"
#include "engine/packed_model.h"
#include "support/memory_samples.h"
#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class FitSamples : public WorkflowTest {
 protected:
  std::string sample(size_t index) const {
    return read_file(samples() / (std::to_string(index) + ".npy"));
  }

  /// The samples of the folder, in an archive and in their order.
  std::filesystem::path archive() const {
    data::TarArchive archive;
    for (size_t i = 0; i < kSampleCount; ++i) {
      archive.add(std::to_string(i) + ".npy", sample(i)).add(std::to_string(i) + ".mask.npy", "");
    }
    write_file(file("samples.tar"), archive.bytes());
    return file("samples.tar");
  }

  SampleInput pipe(const std::string& bytes) {
    EXPECT_EQ(::mkfifo(file("pipe").c_str(), 0600), 0);
    writing_ = std::jthread([path = file("pipe"), bytes] {
      const Descriptor file(::open(path.c_str(), O_WRONLY));
      for (size_t done = 0; done < bytes.size();) {
        const ssize_t count = ::write(file.value(), bytes.data() + done, bytes.size() - done);
        if (count < 0) return;
        done += static_cast<size_t>(count);
      }
    });
    return open_input({file("pipe")});
  }

  std::jthread writing_;
};

TEST(DeclaredInputs, AreThoseThatAreNoInitializers) {
  test_support::OnnxBuilder b;
  b.input("x", {-1, 3, 8, 8});
  b.input("w", {2});
  b.weights("w", {2});
  b.node("Relu", {"x"}, {"y"});
  b.output("y", {-1, 3, 8, 8});
  const auto model = engine::parse_model(engine::ModelSource(b.bytes(), "m.onnx"));
  const auto inputs = declared_inputs(model);
  ASSERT_EQ(inputs.size(), 1u);
  EXPECT_EQ(inputs[0].name, "x");
  EXPECT_EQ(inputs[0].shape, (tensor::Shape{-1, 3, 8, 8}));
}

TEST_F(FitSamples, AnArchiveIsReadForTheModel) {
  const auto fitted = fit_samples(open_input({archive()}), model());
  EXPECT_EQ(fitted.list->size(), kSampleCount);
  EXPECT_EQ(fitted.list->read(3), open_input({samples()}).list->read(3)) << "without the mask";
}

TEST_F(FitSamples, FilesOfOneSampleStayAsTheyAre) {
  const auto input = open_input({samples()});
  EXPECT_EQ(fit_samples(input, model()).list, input.list);
}

TEST_F(FitSamples, SamplesInMemoryNeedNoModel) {
  const SampleInput input{
      .list = std::make_shared<test_support::MemorySamples>(test_support::picture_samples(2, 8))};
  const auto fitted =
      fit_samples(input, []() -> std::vector<TensorInfo> { throw std::logic_error("asked"); });
  EXPECT_EQ(fitted.list, input.list);
}

TEST_F(FitSamples, ArchivesAndPipesGiveWhatFilesGive) {
  auto request = observe_request("files.rfs");
  request.split.samples.reset();
  const auto expected = observe(request);
  request.samples = fit_samples(open_input({archive()}), model());
  EXPECT_EQ(observe(request).tensors, expected.tensors);
  std::string bytes;
  for (size_t i = 0; i < kSampleCount; ++i) bytes += sample(i);
  request.samples = fit_samples(pipe(bytes), model());
  EXPECT_EQ(observe(request).tensors, expected.tensors);
}

TEST_F(FitSamples, WhatDoesNotFitAPipesModelIsRefusedBeforeItIsRead) {
  const auto one = tensor::Tensor::from_floats({1, 4}, std::vector<float>(4));
  const auto fitted = fit_samples(pipe(data::npy_bytes(one.view())), model());
  EXPECT_THAT([&] { fitted.stream.next(); },
              ThrowsMessage<Error>(HasSubstr("pipe[0]: tensor 'x': shape is [1, 4]")));
  const auto two = [] {
    return std::vector<TensorInfo>{{.name = "a", .type = {}, .shape = {}},
                                   {.name = "b", .type = {}, .shape = {}}};
  };
  EXPECT_THAT([&] { fit_samples(fitted, two); },
              ThrowsMessage<Error>(HasSubstr("feeds one input, the model has 2")));
}

}  // namespace
}  // namespace rangefinder::workflow
