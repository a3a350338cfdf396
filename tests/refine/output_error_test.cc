#include "refine/output_error.h"

#include <gtest/gtest.h>

#include "base/parallel.h"
#include "refine/problems.h"

namespace rangefinder::refine {
namespace {

double squared_error(const CodeRows& rows, const ChannelWeights& weights,
                     const std::vector<int8_t>& codes, size_t channel) {
  double sum = 0;
  for (size_t row = 0; row < rows.row_count(); ++row) {
    double output = 0;
    for (size_t k = 0; k < rows.columns; ++k) {
      const size_t place = k * weights.channels + channel;
      const double error = static_cast<double>(weights.reals[place]) - codes[place];
      output += error * (rows.codes[row * rows.columns + k] - rows.zero);
    }
    sum += output * output;
  }
  return sum;
}

TEST(OutputErrors, AreTheSquaresOfWhatTheErrorsAdd) {
  const CodeRows rows = make_rows(70, 19, 0.4f);
  const ChannelWeights weights = make_weights(19, 67);
  std::vector<int8_t> others = weights.codes;
  for (size_t i = 0; i < others.size(); i += 3) ++others[i];
  const auto errors = output_errors(rows, weights, others);
  ASSERT_EQ(errors.size(), 67u);
  for (size_t c = 0; c < 67; ++c) {
    const double before = squared_error(rows, weights, weights.codes, c);
    const double after = squared_error(rows, weights, others, c);
    EXPECT_NEAR(errors[c].before, before, 1e-4 * before);
    EXPECT_NEAR(errors[c].after, after, 1e-4 * after);
  }
  const CoreLimit one(1);
  EXPECT_EQ(output_errors(rows, weights, others)[66].after, errors[66].after);
}

TEST(OutputErrors, OfNoRowsAreNone) {
  const ChannelWeights weights = make_weights(3, 2);
  for (const ChannelLoss& error : output_errors({3, {}, 128}, weights, weights.codes)) {
    EXPECT_EQ(error.before, 0);
    EXPECT_EQ(error.after, 0);
  }
}

}  // namespace
}  // namespace rangefinder::refine
