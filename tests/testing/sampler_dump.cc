// Prints one sample of this host as exposition text 0.0.4: what compare_node_exporter compares, and a look at the
// samplers without a store. Options: --collectors=a,b to choose, --group=name:pattern for a process group, --rounds=n
// to print the n-th sample.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/samplers/host_sampler.h"
#include "core/base/strings.h"
#include "tests/testing/recording_appender.h"

namespace tickbird {
namespace {

std::string TypeName(MetricType type) {
  return type == MetricType::kUnknown ? "untyped" : std::string(MetricTypeName(type));
}

void Print(const testing::RecordingAppender& appender) {
  std::map<std::string, std::vector<std::string>> lines_by_family;
  for (const auto& entry : appender.entries()) {
    std::string line(entry.labels.MetricName());
    std::string labels;
    for (const LabelView& label : entry.labels) {
      if (label.name == kMetricNameLabel) continue;
      labels += labels.empty() ? "{" : ",";
      labels += std::string(label.name) + "=\"";
      AppendLabelValueEscaped(labels, label.value);
      labels += '"';
    }
    if (!labels.empty()) labels += '}';
    line += labels + ' ';
    AppendDoubleExposition(line, entry.value);
    lines_by_family[std::string(entry.labels.MetricName())].push_back(std::move(line));
  }
  for (const auto& [family, lines] : lines_by_family) {
    const auto metadata = appender.metadata().find(family);
    if (metadata != appender.metadata().end()) {
      std::printf("# HELP %s %s\n", family.c_str(), metadata->second.help.c_str());
      std::printf("# TYPE %s %s\n", family.c_str(), TypeName(metadata->second.type).c_str());
    }
    for (const std::string& line : lines) std::printf("%s\n", line.c_str());
  }
}

int Main(int argc, char** argv) {
  samplers::SamplerOptions options;
  int rounds = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const std::string_view value = argument.substr(std::min(argument.find('=') + 1, argument.size()));
    if (argument.starts_with("--collectors=")) {
      for (const std::string_view name : Split(value, ',')) options.collectors.emplace_back(name);
    } else if (argument.starts_with("--group=")) {
      std::string_view pattern = value;
      const std::string name(TakeUntil(pattern, ':'));
      options.process_groups.push_back({.name = name, .patterns = {std::string(pattern)}});
    } else if (argument.starts_with("--rounds=")) {
      rounds = std::atoi(std::string(value).c_str());
    } else {
      std::fprintf(stderr, "unknown argument %s\n", argv[i]);
      return 2;
    }
  }
  const SystemClock clock;
  auto sampler = samplers::HostSampler::Create(options, clock);
  if (!sampler) {
    std::fprintf(stderr, "%s\n", sampler.error().ToString().c_str());
    return 1;
  }
  testing::RecordingAppender appender;
  for (int round = 0; round < rounds; ++round) {
    appender.Clear();
    (*sampler)->Sample(clock.Now(), appender);
  }
  Print(appender);
  return 0;
}

}  // namespace
}  // namespace tickbird

int main(int argc, char** argv) {
  return tickbird::Main(argc, argv);
}
