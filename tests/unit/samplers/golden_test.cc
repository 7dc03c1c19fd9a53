// One test for each folder of tests/data/samplers: what a sample of that machine is, word by word. With
// TICKBIRD_UPDATE_GOLDEN=1 in the environment the expectations are written anew; look at the difference before you
// commit it.

#include <gtest/gtest.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "agent/samplers/host_sampler.h"
#include "core/base/strings.h"
#include "tests/testing/recording_appender.h"

namespace tickbird::samplers {
namespace {

constexpr const char* kRoot = "tests/data/samplers";
constexpr TimestampMs kNow = 1'700'000'000'250;

struct FakeFilesystem {
  int error = 0;
  std::vector<unsigned long> numbers;  // block size, blocks, free, available, files, free files
};

std::string ReadText(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> Words(std::string_view text, char separator) {
  std::vector<std::string> words;
  for (const std::string_view word : Split(text, separator)) {
    if (!Trim(word).empty()) words.emplace_back(Trim(word));
  }
  return words;
}

// The options file of a machine: "key = value" lines, explained in tests/data/samplers/README.md.
class Settings {
 public:
  explicit Settings(const std::filesystem::path& folder) {
    options_.procfs = folder / "proc";
    options_.sysfs = folder / "sys";
    options_.cgroupfs = folder / "cgroup";
    options_.instance = "test:1";
    options_.page_size = 4096;
    for (const std::string& line : Words(ReadText(folder / "options"), '\n')) Apply(line);
    options_.statvfs = [this](const char* path, struct statvfs& out) { return Statvfs(path, out); };
  }

  const SamplerOptions& options() const { return options_; }

 private:
  void Apply(std::string_view line) {
    if (line.starts_with('#')) return;
    std::string_view rest = line;
    const std::string key(Trim(TakeUntil(rest, '=')));
    const std::string value(Trim(rest));
    ContainerIdentity& container = options_.container;
    const std::map<std::string, std::string*> texts = {{"container.container", &container.container},
                                                       {"container.pod", &container.pod},
                                                       {"container.namespace", &container.namespace_name},
                                                       {"container.image", &container.image},
                                                       {"container.name", &container.name},
                                                       {"container.id", &container.id},
                                                       {"rootfs", &options_.rootfs}};
    if (key == "collectors") {
      options_.collectors = Words(value, ',');
    } else if (key == "group") {
      std::string_view patterns = value;
      const std::string name(Trim(TakeUntil(patterns, ':')));
      options_.process_groups.push_back({.name = name, .patterns = {std::string(Trim(patterns))}});
    } else if (key.starts_with("statvfs ")) {
      AddFilesystem(key.substr(8), value);
    } else if (texts.contains(key)) {
      *texts.at(key) = value;
    } else {
      ADD_FAILURE() << "options file: unknown key " << key;
    }
  }

  void AddFilesystem(const std::string& path, const std::string& value) {
    FakeFilesystem& filesystem = filesystems_[path];
    const std::vector<std::string> words = Words(value, ' ');
    if (words[0] == "error") {
      filesystem.error = std::atoi(words[1].c_str());
    } else {
      for (const std::string& word : words) filesystem.numbers.push_back(std::strtoul(word.c_str(), nullptr, 10));
    }
  }

  int Statvfs(const char* path, struct statvfs& out) const {
    const auto at = filesystems_.find(path);
    if (at == filesystems_.end()) return ENOENT;
    if (at->second.error != 0) return at->second.error;
    const std::vector<unsigned long>& numbers = at->second.numbers;
    out = {};
    out.f_frsize = numbers.at(0);
    out.f_blocks = numbers.at(1);
    out.f_bfree = numbers.at(2);
    out.f_bavail = numbers.at(3);
    out.f_files = numbers.at(4);
    out.f_ffree = numbers.at(5);
    return 0;
  }

  SamplerOptions options_;
  std::map<std::string, FakeFilesystem> filesystems_;
};

// "# TYPE" lines, then the series; without the durations, which say nothing under a clock that stands still.
std::string Describe(const testing::RecordingAppender& appender) {
  std::string text;
  for (const auto& [family, metadata] : appender.metadata()) {
    if (family == "node_scrape_collector_duration_seconds") continue;
    text += "# TYPE " + family + " " + std::string(MetricTypeName(metadata.type)) + "\n";
    EXPECT_FALSE(metadata.help.empty()) << family;
  }
  for (const std::string& line : appender.Lines()) {
    if (!line.starts_with("node_scrape_collector_duration_seconds")) text += line + "\n";
  }
  return text;
}

class GoldenTest : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenTest, SampleIsAsExpected) {
  const Settings settings(std::filesystem::path(kRoot) / GetParam());
  const FakeClock clock;
  auto sampler = HostSampler::Create(settings.options(), clock);
  ASSERT_TRUE(sampler) << sampler.error().message;
  testing::RecordingAppender appender;
  (*sampler)->Sample(kNow, appender);
  const std::string actual = Describe(appender);
  const std::string path = std::string(kRoot) + "/" + GetParam() + ".expected";
  if (std::getenv("TICKBIRD_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << actual;
  }
  EXPECT_EQ(actual, ReadText(path));
}

std::vector<std::string> Machines() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(kRoot, error)) {
    if (entry.is_directory()) names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Machines, GoldenTest, ::testing::ValuesIn(Machines()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace tickbird::samplers
