#include "cli/method_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace rangefinder::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::ThrowsMessage;

/// What a command line says of methods.
Method method(const std::string& line) {
  CLI::App app;
  MethodArguments arguments;
  add_method_rules(app, arguments);
  app.parse(line);
  return arguments.parse("ort-cpu");
}

template <typename Action>
void expect_misuse(Action&& action, const std::string& part) {
  EXPECT_THAT(std::forward<Action>(action), ThrowsMessage<std::invalid_argument>(HasSubstr(part)));
}

TEST(MethodRules, DefaultsToMse) {
  const Method found = method("");
  EXPECT_EQ(found.name, "mse");
  EXPECT_TRUE(found.for_tensors.empty());
}

TEST(MethodRules, IgnoreCaseAndKeepTheirOrder) {
  const Method found = method(
      "--method KL --method-for conv*=Std --method-for a=b=Percentile --percentile 0.99 "
      "--alpha 2");
  EXPECT_EQ(found.name, "KL");
  EXPECT_THAT(found.for_tensors, ElementsAre(Pair("conv*", "Std"), Pair("a=b", "Percentile")));
  EXPECT_EQ(found.options.percentile, 0.99);
  EXPECT_EQ(found.options.alpha, 2);
}

TEST(MethodRules, RefusesWhatNoMethodKnows) {
  expect_misuse([] { method("--method entropy"); }, "minmax, mse");
  expect_misuse([] { method("--method-for x=entropy"); }, "'entropy'");
  expect_misuse([] { method("--method-for minmax"); }, "NAME=METHOD");
  expect_misuse([] { method("--method-for =minmax"); }, "NAME=METHOD");
}

TEST(MethodRules, RefusesNumbersThatTheMethodsRefuseBeforeTheWork) {
  expect_misuse([] { method("--method percentile --percentile 0"); }, "(0, 1]");
  expect_misuse([] { method("--method-for x=std --alpha -1"); }, "alpha");
  expect_misuse([] { method("--method percentile --percentile 99.99"); },
                "0.9999 keeps 99.99 % of the values");
}

TEST(MethodRules, OptionsThatNoMethodReadsAreRefused) {
  expect_misuse([] { method("--percentile 0.99"); },
                "--percentile would change nothing: it is read by mean-percentile, percentile, not "
                "by mse");
  expect_misuse([] { method("--method percentile --alpha 2"); }, "read by std, not by percentile");
  expect_misuse([] { method("--method kl --top-k 2"); }, "read by isotone");
  expect_misuse([] { method("--method-for x=kl --axis 1"); }, "not by mse, kl");
  EXPECT_EQ(method("--method-for x=percentile --percentile 0.5").options.percentile, 0.5);
  EXPECT_EQ(method("--method ISOTONE --axis 1 --top-k 2").options.axis, 1);
}

TEST(MethodRules, TellWhatIsNear) {
  expect_misuse([] { method("--method precentile"); }, "did you mean 'percentile'");
  expect_misuse([] { MethodArguments().parse("ort-cpu-vni"); }, "did you mean 'ort-cpu-vnni'");
}

TEST(MethodOptions, OfOneMethodAreThoseItReads) {
  MethodArguments arguments;
  arguments.method.name = "minmax";
  arguments.given = {"alpha"};
  expect_misuse([&] { arguments.parse(); }, "--alpha would change nothing");
  arguments.method.name = "std";
  EXPECT_EQ(arguments.parse().name, "std");
  arguments.method.name = "entropy";
  EXPECT_EQ(arguments.parse().name, "entropy") << "refused where observers are made";
}

}  // namespace
}  // namespace rangefinder::cli
