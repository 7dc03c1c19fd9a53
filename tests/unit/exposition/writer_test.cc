#include "core/exposition/writer.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/exposition/escaping.h"
#include "core/exposition/openmetrics_validator.h"
#include "core/exposition/parser.h"

namespace tickbird::exposition {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string WriteAll(Format format, Escaping escaping = Escaping::kUnderscores) {
  std::string page;
  Writer writer(page, format, escaping);
  writer.Family("requests_total", {.type = MetricType::kCounter, .help = "Served \\ \"all\"\nof them."});
  const Exemplar exemplar{.labels = {{"trace", "x\"y"}}, .value = 0.5, .timestamp = 1500};
  writer.Sample("requests_total", Labels{{"__name__", "requests_total"}, {"path", "a\"b\\c\nd"}}, 3, std::nullopt,
                &exemplar);
  writer.Family("heat_celsius", {.type = MetricType::kGauge, .unit = "celsius"});
  writer.Sample("heat_celsius", Labels{}, -0.5, 1234);
  writer.Family("build", {.type = MetricType::kInfo});
  writer.Sample("build_info", Labels{{"v", "1"}}, 1);
  writer.Family("odd", {});
  writer.Sample("odd", Labels{{"bad", "\xff!"}}, std::nan(""));
  writer.Family("my.gauge", {.type = MetricType::kGauge});
  writer.Sample("my.gauge", Labels{{"a.b", "c"}}, kInfinity);
  writer.Finish();
  return page;
}

TEST(Writer, WritesText) {
  EXPECT_EQ(WriteAll(Format::kText),
            "# HELP requests_total Served \\\\ \"all\"\\nof them.\n"
            "# TYPE requests_total counter\n"
            "requests_total{path=\"a\\\"b\\\\c\\nd\"} 3\n"
            "# TYPE heat_celsius gauge\n"
            "heat_celsius -0.5 1234\n"
            "# TYPE build_info gauge\n"
            "build_info{v=\"1\"} 1\n"
            "# TYPE odd untyped\n"
            "odd{bad=\"\xef\xbf\xbd!\"} NaN\n"
            "# TYPE my_gauge gauge\n"
            "my_gauge{a_b=\"c\"} +Inf\n");
}

TEST(Writer, WritesOpenMetrics) {
  EXPECT_EQ(WriteAll(Format::kOpenMetrics, Escaping::kAllowUtf8),
            "# HELP requests Served \\\\ \\\"all\\\"\\nof them.\n"
            "# TYPE requests counter\n"
            "requests_total{path=\"a\\\"b\\\\c\\nd\"} 3 # {trace=\"x\\\"y\"} 0.5 1.500\n"
            "# TYPE heat_celsius gauge\n"
            "# UNIT heat_celsius celsius\n"
            "heat_celsius -0.5 1.234\n"
            "# TYPE build info\n"
            "build_info{v=\"1\"} 1\n"
            "# TYPE odd unknown\n"
            "odd{bad=\"\xef\xbf\xbd!\"} NaN\n"
            "# TYPE \"my.gauge\" gauge\n"
            "{\"my.gauge\",\"a.b\"=\"c\"} +Inf\n"
            "# EOF\n");
}

TEST(Writer, WritesWhatTheValidatorAccepts) {
  for (const Escaping escaping : {Escaping::kUnderscores, Escaping::kDots, Escaping::kValues, Escaping::kAllowUtf8}) {
    const std::string page = WriteAll(Format::kOpenMetrics, escaping);
    const Status status = ValidateOpenMetrics(page);
    EXPECT_TRUE(status) << status.error().ToString() << "\n" << page;
  }
}

TEST(Writer, AddsTheTotalThatOpenMetricsWants) {
  std::string page;
  Writer writer(page, Format::kOpenMetrics);
  writer.Family("hits", {.type = MetricType::kCounter});
  writer.Sample("hits", Labels{}, 1);
  writer.Sample("hits_created", Labels{}, 12);
  EXPECT_EQ(page, "# TYPE hits counter\nhits_total 1\nhits_created 12\n");
}

TEST(Writer, WritesTimestampsBeforeTheEpoch) {
  std::string page;
  Writer(page, Format::kOpenMetrics).Sample("a", Labels{}, 1, -1);
  EXPECT_EQ(page, "a 1 -0.001\n");
}

TEST(AppendEscapedName, FollowsEachScheme) {
  struct Case {
    std::string_view name;
    std::string underscores;
    std::string dots;
    std::string values;
  };
  const Case cases[] = {
      {"plain", "plain", "plain", "plain"},
      {"with_underscore", "with_underscore", "with__underscore", "with_underscore"},
      {"mysystem.prod.west.cpu.load", "mysystem_prod_west_cpu_load", "mysystem_dot_prod_dot_west_dot_cpu_dot_load",
       "U__mysystem_2e_prod_2e_west_2e_cpu_2e_load"},
      {"http.status:sum", "http_status:sum", "http_dot_status:sum", "U__http_2e_status:sum"},
      {"label with \xe8\x8a\xb1", "label_with__", "label__with____", "U__label_20_with_20__82b1_"},
      {"no_leading.\xf0\x9f\x90\xa6", "no_leading__", "no__leading_dot___", "U__no__leading_2e__1f426_"},
      {"bad\xff", "bad_", "bad__", "U__bad_FFFD_"},
  };
  for (const Case& c : cases) {
    const auto escaped = [&](Escaping escaping) {
      std::string out;
      AppendEscapedName(out, c.name, escaping);
      return out;
    };
    EXPECT_EQ(escaped(Escaping::kUnderscores), c.underscores);
    EXPECT_EQ(escaped(Escaping::kDots), c.dots);
    EXPECT_EQ(escaped(Escaping::kValues), c.values);
    EXPECT_EQ(escaped(Escaping::kAllowUtf8), c.name);
    if (c.name.find('\xff') == std::string_view::npos) EXPECT_EQ(UnescapeName(c.values, Escaping::kValues), c.name);
  }
  std::string label;
  AppendEscapedName(label, "a:b", Escaping::kUnderscores, true);
  EXPECT_EQ(label, "a_b");
}

TEST(UnescapeName, LeavesWhatNoEscapingWrote) {
  EXPECT_EQ(UnescapeName("U__bad_zz_", Escaping::kValues), "U__bad_zz_");
  EXPECT_EQ(UnescapeName("U__open_2e", Escaping::kValues), "U__open_2e");
  EXPECT_EQ(UnescapeName("U__surrogate_d800_", Escaping::kValues), "U__surrogate_d800_");
  EXPECT_EQ(UnescapeName("a_dot_b__c", Escaping::kDots), "a.b_c");
}

}  // namespace
}  // namespace tickbird::exposition
