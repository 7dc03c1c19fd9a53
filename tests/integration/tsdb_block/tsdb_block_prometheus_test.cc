// A block is Prometheus' when Prometheus says so: promtool reads what was written here, and what promtool wrote is read
// here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "core/tsdb/block/block.h"
#include "core/tsdb/block/block_writer.h"
#include "core/tsdb/chunk/chunk_builder.h"

namespace tickbird::tsdb {
namespace {

using ::testing::HasSubstr;

constexpr TimestampMs kFrom = 1'700'000'000'000 / (2 * kHourMs) * (2 * kHourMs);
constexpr TimestampMs kUntil = kFrom + 2 * kHourMs;

/// Time and value by the series as promtool prints it. Values as text: NaN is not NaN's equal.
using Dump = std::map<std::string, std::vector<std::pair<TimestampMs, std::string>>>;

bool IsInstalled(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

std::string Output(const std::string& command) {
  std::string output;
  FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  std::array<char, 65536> buffer;
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe)) output.append(buffer.data(), got);
  ::pclose(pipe);
  return output;
}

std::string Print(const Labels& labels) {
  std::string text;
  for (const LabelView& label : labels) {
    text += text.empty() ? "{" : ", ";
    text += label.name;
    text += "=\"";
    AppendLabelValueEscaped(text, label.value);
    text += '"';
  }
  return text + "}";
}

std::string Print(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.17g", value);
  return buffer;
}

double Value(int series, int sample) {
  if (sample % 50 == 49) return std::nan("");
  if (sample % 50 == 48) return sample % 100 == 48 ? HUGE_VAL : -HUGE_VAL;
  return series % 2 == 0 ? series * 1'000 + sample : std::sin(series + sample / 10.0);
}

Labels LabelsOf(int series) {
  const std::string number = std::to_string(series);
  return {{"__name__", series % 3 == 0 ? "probe_total" : "probe"},
          {"n", number},
          {"odd", "quote \" backslash \\ line \n é " + std::to_string(series % 5)}};
}

class TsdbBlockTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!IsInstalled("promtool")) GTEST_SKIP() << "promtool is not installed";
    root_ =
        ::testing::TempDir() + "tickbird_tsdb_block_" + ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_ + "/data/wal");
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  std::string DataPath() const { return root_ + "/data"; }

  Dump ReadOurWay(int* blocks) {
    Dump dump;
    *blocks = 0;
    for (const auto& entry : std::filesystem::directory_iterator(DataPath())) {
      if (!IsUlid(entry.path().filename().string())) continue;
      ++*blocks;
      const auto block = Block::Open(fs_, entry.path().string());
      EXPECT_TRUE(block) << (block ? "" : block.error().ToString());
      if (!block) continue;
      auto selected = (*block)->Select({.matchers = {}, .min = 0, .max = 2 * kUntil});
      EXPECT_TRUE(selected);
      for (SelectedSeries& series : *selected) {
        std::array<TimestampMs, 100> times;
        std::array<double, 100> values;
        while (const std::size_t got = series.cursor->Read(times, values)) {
          for (std::size_t i = 0; i < got; ++i) dump[Print(series.labels)].emplace_back(times[i], Print(values[i]));
        }
        EXPECT_TRUE(series.cursor->status());
      }
      EXPECT_EQ((*block)->damages(), 0);
    }
    for (auto& [labels, samples] : dump) std::sort(samples.begin(), samples.end());
    return dump;
  }

  Dump ReadTheirWay() {
    Dump dump;
    std::istringstream lines(Output("promtool tsdb dump " + DataPath()));
    for (std::string line; std::getline(lines, line);) {
      // The labels may hold blanks; value and time do not.
      const std::size_t time = line.rfind(' ');
      const std::size_t value = line.rfind(' ', time - 1);
      EXPECT_TRUE(line.starts_with('{') && value != std::string::npos) << line;
      if (value == std::string::npos) continue;
      dump[line.substr(0, value)].emplace_back(std::stoll(line.substr(time + 1)),
                                               Print(std::strtod(line.c_str() + value + 1, nullptr)));
    }
    for (auto& [labels, samples] : dump) std::sort(samples.begin(), samples.end());
    return dump;
  }

  PosixFs fs_;
  std::string root_;
};

class SampleSource final : public ChunkSeriesSource {
 public:
  SampleSource(int series, int samples) : samples_(samples) {
    for (int n = 0; n < series; ++n) series_.emplace(LabelsOf(n), n);
    next_ = series_.begin();
  }
  Result<bool> Next(ChunkSeries* series) override {
    if (next_ == series_.end()) return false;
    ChunkBuilder builder;
    for (int i = 0; i < samples_; ++i) builder.Append(kFrom + i * kSecondMs, Value(next_->second, i));
    *series = {next_->first, builder.Finish()};
    ++next_;
    return true;
  }

 private:
  std::map<Labels, int> series_;
  std::map<Labels, int>::const_iterator next_;
  int samples_;
};

TEST_F(TsdbBlockTest, PromtoolReadsOurs) {
  static constexpr int kSeries = 500;
  static constexpr int kSamples = 300;
  const auto meta = WriteBlock(
      fs_, DataPath(), {.ulid = NewUlid(kUntil), .min_time = kFrom, .max_time = kUntil},
      []() -> Result<std::vector<std::unique_ptr<ChunkSeriesSource>>> {
        std::vector<std::unique_ptr<ChunkSeriesSource>> sources;
        sources.push_back(std::make_unique<SampleSource>(kSeries, kSamples));
        return sources;
      },
      {.segment_bytes = 100'000}, nullptr);
  ASSERT_TRUE(meta) << meta.error().ToString();

  Dump expected;
  for (int n = 0; n < kSeries; ++n) {
    auto& samples = expected[Print(LabelsOf(n))];
    for (int i = 0; i < kSamples; ++i) samples.emplace_back(kFrom + i * kSecondMs, Print(Value(n, i)));
  }
  int blocks = 0;
  EXPECT_EQ(ReadOurWay(&blocks), expected);
  EXPECT_EQ(ReadTheirWay(), expected);
  EXPECT_THAT(Output("promtool tsdb list " + DataPath()), HasSubstr(meta->ulid));
  const std::string analysis = Output("promtool tsdb analyze " + DataPath());
  EXPECT_THAT(analysis, HasSubstr("Series: 500"));
  EXPECT_THAT(analysis, HasSubstr("Label names: 3"));
  EXPECT_THAT(analysis, HasSubstr("Postings (unique label pairs): 507"));
  EXPECT_THAT(analysis, HasSubstr("Postings entries (total label pairs): 1500"));
}

TEST_F(TsdbBlockTest, PromtoolLeavesOutWhatOurTombstonesHide) {
  const std::string ulid = NewUlid(kUntil);
  ASSERT_TRUE(WriteBlock(
      fs_, DataPath(), {.ulid = ulid, .min_time = kFrom, .max_time = kUntil},
      []() -> Result<std::vector<std::unique_ptr<ChunkSeriesSource>>> {
        std::vector<std::unique_ptr<ChunkSeriesSource>> sources;
        sources.push_back(std::make_unique<SampleSource>(20, 300));
        return sources;
      },
      {}, nullptr));
  const auto block = Block::Open(fs_, DataPath() + "/" + ulid);
  ASSERT_TRUE(block);
  ASSERT_TRUE((*block)->Delete({Matcher::Equal("n", "7")}, {kFrom + 30 * kSecondMs, kFrom + 250 * kSecondMs}));
  ASSERT_TRUE((*block)->Delete({Matcher::Equal("n", "8")}, {0, kUntil}));
  int blocks = 0;
  const Dump ours = ReadOurWay(&blocks);
  EXPECT_EQ(ours.size(), 19U);
  EXPECT_EQ(ours.at(Print(LabelsOf(7))).size(), 79U);
  EXPECT_EQ(ReadTheirWay(), ours);
}

TEST_F(TsdbBlockTest, WeReadWhatPromtoolWrites) {
  std::ofstream text(root_ + "/in.om");
  std::size_t samples = 0;
  for (const char* name : {"probe", "probe_total"}) {
    text << "# TYPE " << (name == std::string("probe") ? "probe gauge" : "probe_of counter") << "\n";
    for (int n = 0; n < 200; ++n) {
      if ((n % 3 == 0) != (name == std::string("probe_total"))) continue;
      const Labels labels = LabelsOf(n);
      for (int i = 0; i < 400; ++i, ++samples) {
        std::string series;
        AppendLabelValueEscaped(series, labels.Get("odd"));
        text << (n % 3 == 0 ? "probe_of_total" : "probe") << "{n=\"" << n << "\",odd=\"" << series << "\"} "
             << (n % 3 == 0 ? std::to_string(n * 1'000 + i) : Print(Value(n, i))) << " " << kFrom / kSecondMs + i * 30
             << "\n";
      }
    }
  }
  text << "# EOF\n";
  text.close();
  const std::string log = Output("promtool tsdb create-blocks-from openmetrics " + root_ + "/in.om " + DataPath());
  int blocks = 0;
  const Dump ours = ReadOurWay(&blocks);
  EXPECT_GT(blocks, 1) << log;
  std::size_t read = 0;
  for (const auto& [labels, list] : ours) read += list.size();
  EXPECT_EQ(ours.size(), 200U);
  EXPECT_EQ(read, samples);
  EXPECT_EQ(ReadTheirWay(), ours);
}

}  // namespace
}  // namespace tickbird::tsdb
