#include "fashion_mnist/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "rangefinder/error.h"
#include "rangefinder/session.h"

namespace rangefinder::examples {
namespace {

constexpr int kWarmUpRounds = 20;
constexpr size_t kBatch = 100;

NamedTensors sample(const IdxArray& images, size_t first, size_t count) {
  NamedTensors named;
  named.emplace("", normalized_batch(images, first, count));
  return named;
}

/// How many rows of `scores` [count, classes] are largest at their label.
size_t count_correct(const Tensor& scores, const uint8_t* labels, size_t count) {
  const auto values = scores.floats();
  const size_t classes = values.size() / count;
  size_t correct = 0;
  for (size_t i = 0; i < count; ++i) {
    const auto row = values.subspan(i * classes, classes);
    correct += static_cast<size_t>(std::ranges::max_element(row) - row.begin()) == labels[i];
  }
  return correct;
}

size_t correct_count(Session& session, const LabelledImages& test) {
  const auto shape = session.inputs()[0].shape;
  const size_t batch = shape && !shape->empty() && shape->front() == 1 ? 1 : kBatch;
  size_t correct = 0;
  for (size_t first = 0; first < test.size(); first += batch) {
    const size_t count = std::min(batch, test.size() - first);
    const auto outputs = session.run(sample(test.images, first, count));
    correct += count_correct(outputs.begin()->second, test.labels.values.data() + first, count);
  }
  return correct;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

double time_once(Session& session, const NamedTensors& image) {
  const auto begin = std::chrono::steady_clock::now();
  session.execute(image);
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin)
      .count();
}

/// Median microseconds of each session.
std::vector<double> latencies(std::vector<Session>& sessions, const LabelledImages& test,
                              int rounds) {
  std::vector<std::vector<double>> times(sessions.size());
  for (int round = -kWarmUpRounds; round < rounds; ++round) {
    const auto image =
        sample(test.images, static_cast<size_t>(round + kWarmUpRounds) % test.size(), 1);
    for (size_t i = 0; i < sessions.size(); ++i) {
      const double time = time_once(sessions[i], image);
      if (round >= 0) times[i].push_back(time);
    }
  }
  std::vector<double> medians;
  for (auto& model_times : times) medians.push_back(median(std::move(model_times)));
  return medians;
}

std::string row(const Evaluation& evaluation, const Evaluation& reference) {
  return fmt::format("{:<28} {:>8.2f} {:>+9.2f} {:>10.1f} {:>7.2f}x {:>10.1f} {:>7.2f}x\n",
                     evaluation.model.filename().string(), evaluation.top1_percent(),
                     evaluation.top1_percent() - reference.top1_percent(),
                     static_cast<double>(evaluation.bytes) / 1000.0,
                     static_cast<double>(evaluation.bytes) / static_cast<double>(reference.bytes),
                     evaluation.microseconds, evaluation.microseconds / reference.microseconds);
}

}  // namespace

double Evaluation::top1_percent() const {
  return 100.0 * static_cast<double>(correct_count) / static_cast<double>(image_count);
}

std::vector<Evaluation> evaluate(const std::vector<std::filesystem::path>& models,
                                 const LabelledImages& test, const EvaluateOptions& options) {
  if (test.size() == 0) throw Error("there are no test images");
  std::vector<Session> sessions;
  std::vector<Evaluation> evaluations;
  for (const auto& model : models) {
    sessions.emplace_back(Model::load(model));
    evaluations.push_back({.model = model,
                           .correct_count = correct_count(sessions.back(), test),
                           .image_count = test.size(),
                           .bytes = std::filesystem::file_size(model)});
  }
  const auto medians = latencies(sessions, test, options.rounds);
  for (size_t i = 0; i < evaluations.size(); ++i) evaluations[i].microseconds = medians[i];
  return evaluations;
}

std::string table(const std::vector<Evaluation>& evaluations) {
  std::string text = fmt::format("{:<28} {:>8} {:>9} {:>10} {:>8} {:>10} {:>8}\n", "model",
                                 "top-1 %", "change", "size kB", "ratio", "time us", "ratio");
  for (const Evaluation& evaluation : evaluations) text += row(evaluation, evaluations.front());
  return text + fmt::format("top-1 of {} images; time of one image on one thread, median\n",
                            evaluations.front().image_count);
}

}  // namespace rangefinder::examples
