// What Prometheus' own tool says about our page.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>

#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <unistd.h>

#include "exporters/metrics_page/metrics_page.h"
#include "tests/unit/metrics_page/series_list.h"

namespace tickbird::exporters {
namespace {

struct Verdict {
  int exit_code = -1;
  std::string output;
};

Verdict CheckMetrics(const std::string& page) {
  const auto base = std::filesystem::temp_directory_path() / ("tickbird_page_" + std::to_string(getpid()));
  const std::string page_file = base.string() + ".txt";
  const std::string output_file = base.string() + ".out";
  std::ofstream(page_file, std::ios::binary) << page;
  const int status = std::system(("promtool check metrics < " + page_file + " > " + output_file + " 2>&1").c_str());
  std::ifstream output(output_file);
  Verdict verdict{WEXITSTATUS(status), {std::istreambuf_iterator<char>(output), std::istreambuf_iterator<char>()}};
  std::filesystem::remove(page_file);
  std::filesystem::remove(output_file);
  return verdict;
}

Labels Node(const char* name, std::initializer_list<std::pair<std::string_view, std::string_view>> labels) {
  LabelsBuilder builder{Labels(labels)};
  return builder.Set("__name__", name).Set("job", "node").Set("instance", "web1").Build();
}

/// A host as node_exporter shows it, a StatsD histogram, and label values nobody should send.
SeriesList FillStore() {
  SeriesList stored;
  const auto describe = [&](const char* name, MetricType type) {
    stored.metadata[name] = {.type = type, .help = "Some \\ help\nof two lines.", .unit = {}};
  };
  describe("node_cpu_seconds_total", MetricType::kCounter);
  describe("node_filesystem_avail_bytes", MetricType::kGauge);
  describe("node_uname_info", MetricType::kGauge);
  describe("node_load1", MetricType::kGauge);
  describe("page_load_seconds", MetricType::kHistogram);
  describe("hostile_values", MetricType::kGauge);
  for (const char* const cpu : {"0", "1"}) {
    for (const char* const mode : {"idle", "user", "system"})
      stored.Add(Node("node_cpu_seconds_total", {{"cpu", cpu}, {"mode", mode}}), 12345.67);
  }
  stored.Add(Node("node_filesystem_avail_bytes", {{"device", "/dev/vda1"}, {"fstype", "ext4"}, {"mountpoint", "/"}}),
             1.5e300);
  stored.Add(Node("node_uname_info", {{"release", "6.1.0"}, {"version", "#1 SMP {\"x\"}"}}), 1);
  stored.Add(Node("node_load1", {}), std::numeric_limits<double>::denorm_min());
  for (const char* const le : {"0.1", "1", "+Inf"}) {
    stored.Add(Labels{{"__name__", "page_load_seconds_bucket"}, {"le", le}, {"page", "home"}}, 3);
  }
  stored.Add(Labels{{"__name__", "page_load_seconds_sum"}, {"page", "home"}}, 0.3);
  stored.Add(Labels{{"__name__", "page_load_seconds_count"}, {"page", "home"}}, 3);
  for (const char* const value : {"new\nline", "quote\"", "back\\slash", "\\n", "\\", "}", "#", "caf\xc3\xa9",
                                  "\xff\xfe", " ", "\t", "a\r", "{},=\"\""}) {
    stored.Add(Labels{{"__name__", "hostile_values"}, {"value", value}}, std::numeric_limits<double>::quiet_NaN());
  }
  return stored;
}

TEST(MetricsPage, IsAcceptedByPromtool) {
  if (std::system("promtool --version > /dev/null 2>&1") != 0)
    GTEST_SKIP() << "promtool is not installed (Debian package prometheus)";
  prometheus::Registry registry;
  prometheus::BuildCounter()
      .Name("tickbird_lines_total")
      .Help("Line\n\\ \"one\"")
      .Register(registry)
      .Add({{"reason", "a\"\n\\"}})
      .Increment();
  prometheus::BuildHistogram()
      .Name("tickbird_sample_duration_seconds")
      .Help("H.")
      .Register(registry)
      .Add({}, prometheus::Histogram::BucketBoundaries{0.001, 1})
      .Observe(0.5);
  PageOptions options;
  options.strip = {{"instance", "web1"}, {"job", "node"}};
  std::string page;
  const auto written =
      WriteMetricsPage(FillStore(), registry.Collect(), 1000, options, exposition::Negotiate(""), page);
  ASSERT_TRUE(written);
  EXPECT_EQ(written->series, 6U + 3 + 5 + 13 + 1 + 5);
  EXPECT_EQ(written->duplicates, 0U);
  const Verdict verdict = CheckMetrics(page);
  EXPECT_EQ(verdict.exit_code, 0) << verdict.output << "\n" << page;

  // That the tool looks at all: a page it must refuse.
  EXPECT_NE(CheckMetrics(page + "broken{\n").exit_code, 0);
}

}  // namespace
}  // namespace tickbird::exporters
