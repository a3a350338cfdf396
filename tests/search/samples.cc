#include "samples.h"

#include <cmath>
#include <random>

namespace rangefinder::search {
namespace {

using Random = std::mt19937_64;

float normal(Random& random) { return std::normal_distribution<float>()(random); }

float uniform(Random& random) { return std::uniform_real_distribution<float>(0, 1)(random); }

float laplace(Random& random) {
  const float magnitude = std::exponential_distribution<float>(1)(random);
  return uniform(random) < 0.5f ? -magnitude : magnitude;
}

float gelu(float x) { return 0.5f * x * (1 + std::erf(x * 0.70710678f)); }

template <typename Draw>
Sample drawn(std::string name, size_t size, Draw draw) {
  Random random(20 + name.size());
  Sample result{std::move(name), std::vector<float>(size)};
  for (float& x : result.values) x = draw(random);
  return result;
}

}  // namespace

std::vector<Sample> samples(size_t n) {
  return {
      drawn("normal", n, normal),
      drawn("half-normal", n, [](Random& r) { return std::abs(normal(r)); }),
      drawn("relu of normal", n, [](Random& r) { return std::max(0.0f, normal(r)); }),
      drawn("Laplace", n, laplace),
      drawn("Student t3", n, [](Random& r) { return std::student_t_distribution<float>(3)(r); }),
      drawn("log-normal", n, [](Random& r) { return std::exp(2 * normal(r)); }),
      drawn("uniform", n, [](Random& r) { return 3 * uniform(r) - 1; }),
      drawn("bimodal", n,
            [](Random& r) { return (uniform(r) < 0.3f ? -2.0f : 3.0f) + 0.2f * normal(r); }),
      drawn("far from zero", n, [](Random& r) { return 7 + 0.2f * normal(r); }),
      drawn("GELU of normal", n, [](Random& r) { return gelu(1.5f * normal(r)); }),
      drawn("sparse", n, [](Random& r) { return uniform(r) < 0.2f ? normal(r) : 0.0f; }),
      drawn("rare huge outliers", n,
            [](Random& r) { return normal(r) * (uniform(r) < 2e-4f ? 300.0f : 1.0f); }),
      drawn("negative", n, [](Random& r) { return -laplace(r) * laplace(r) - 0.1f; }),
      drawn("constant", n, [](Random&) { return -1.37f; }),
      drawn("denormal", n, [](Random& r) { return 1e-39f * normal(r); }),
  };
}

statistics::TensorStatistics observed(const std::vector<float>& values) {
  statistics::TensorStatistics result;
  result.add(values);
  return result;
}

}  // namespace rangefinder::search
