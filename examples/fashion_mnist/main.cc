#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "fashion_mnist/dataset.h"
#include "fashion_mnist/evaluate.h"

namespace {

namespace examples = rangefinder::examples;

constexpr const char* kFolder = "/usr/share/datasets/fashion-mnist/";

struct Options {
  std::string training_images = std::string(kFolder) + "train-images-idx3-ubyte.gz";
  std::string images = std::string(kFolder) + "t10k-images-idx3-ubyte.gz";
  std::string labels = std::string(kFolder) + "t10k-labels-idx1-ubyte.gz";
  std::string out;
  size_t count = 256;
  std::vector<std::filesystem::path> models;
  examples::EvaluateOptions evaluate;
};

void add_export(CLI::App& app, Options& options) {
  CLI::App* command = app.add_subcommand("export", "Write normalized images as .npy samples");
  command
      ->add_option("--images", options.training_images, "IDX file of images, packed (gzip) or not")
      ->capture_default_str();
  command->add_option("--count", options.count, "How many of the first images")
      ->capture_default_str();
  command->add_option("--out", options.out, "Folder for the samples")->required();
  command->callback([&options] {
    examples::export_samples(examples::read_idx(options.training_images), options.count,
                             options.out);
  });
}

void add_evaluate(CLI::App& app, Options& options) {
  CLI::App* command = app.add_subcommand("evaluate", "Accuracy, size and latency of models");
  command->add_option("models", options.models, "ONNX models; the first is the reference")
      ->required();
  command->add_option("--images", options.images, "IDX file of test images")->capture_default_str();
  command->add_option("--labels", options.labels, "IDX file of their labels")
      ->capture_default_str();
  command->add_option("--rounds", options.evaluate.rounds, "Timed runs of each model")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->callback([&options] {
    const auto test = examples::read_labelled(options.images, options.labels);
    fmt::print("{}", examples::table(examples::evaluate(options.models, test, options.evaluate)));
  });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Fashion-MNIST: samples for calibration, and what calibration made of a classifier");
  app.require_subcommand(1);
  Options options;
  add_export(app, options);
  add_evaluate(app, options);
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "fashion_mnist: {}\n", error.what());
    return 1;
  }
}
