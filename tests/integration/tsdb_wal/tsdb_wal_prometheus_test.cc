// The log is Prometheus' when Prometheus says so: its own programs read what the head wrote, and the head reads what
// Prometheus wrote.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/base/number.h"
#include "core/tsdb/head/head.h"

namespace tickbird::tsdb {
namespace {

constexpr auto kNeverExpires = std::chrono::seconds(60);
constexpr int kSeries = 300;
constexpr int kSamples = 400;

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

int FreePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

double Value(int series, int sample) {
  return sample % 50 == 49 ? std::nan("") : std::round(std::sin(sample) * 1e6) / 1e3 + series;
}

class TsdbWalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!IsInstalled("prometheus") || !IsInstalled("promtool"))
      GTEST_SKIP() << "prometheus and promtool are not installed";
    root_ =
        ::testing::TempDir() + "tickbird_tsdb_wal_" + ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
    now_ = SystemClock().Now() / kSecondMs * kSecondMs;
  }
  void TearDown() override {
    StopPrometheus();
    std::filesystem::remove_all(root_);
  }

  std::unique_ptr<Head> Open(TimestampMs now, HeadOptions options = {}) {
    options.wal.segment_bytes = 256 * 1024;
    auto head = Head::Open(fs_, options, root_, now - kHourMs, now);
    EXPECT_TRUE(head) << (head ? "" : head.error().ToString());
    return head ? std::move(*head) : nullptr;
  }

  /// Several segments and starts, with metadata, and all values that are special.
  void Write() {
    std::vector<SeriesRef> refs(kSeries);
    std::unique_ptr<Head> head;
    for (int i = 0; i < kSamples; ++i) {
      if (i % 150 == 0) {
        head.reset();
        head = Open(Time(i));
      }
      const auto appender = head->NewAppender();
      appender->SetMetadata("tickbird_probe", {.type = MetricType::kGauge, .help = "A probe.", .unit = "ticks"});
      for (int n = 0; n < kSeries; ++n) {
        const auto ref = appender->Append(refs[static_cast<std::size_t>(n)], LabelsOf(n), Time(i), Value(n, i));
        ASSERT_TRUE(ref) << ref.error().ToString();
        refs[static_cast<std::size_t>(n)] = *ref;
      }
      ASSERT_TRUE(appender->Commit());
    }
    ASSERT_TRUE(head->Close());
  }
  static Labels LabelsOf(int n) {
    return {{"__name__", "tickbird_probe"}, {"n", std::to_string(n)}, {"odd", "quote \" backslash \\ line \n é"}};
  }
  TimestampMs Time(int i) const { return now_ - (kSamples - i) * kSecondMs; }

  void StartPrometheus(const std::string& config) {
    std::ofstream(root_ + "/prometheus.yml") << config;
    url_ = "http://127.0.0.1:" + std::to_string(port_);
    pid_ = ::fork();
    if (pid_ == 0) {
      const int log = ::open((root_ + "/log").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
      ::dup2(log, 1);
      ::dup2(log, 2);
      const std::string listen = "--web.listen-address=127.0.0.1:" + std::to_string(port_);
      const std::string file = "--config.file=" + root_ + "/prometheus.yml";
      const std::string path = "--storage.tsdb.path=" + root_;
      ::execlp("prometheus", "prometheus", listen.c_str(), file.c_str(), path.c_str(), static_cast<char*>(nullptr));
      ::_exit(127);
    }
    const auto deadline = std::chrono::steady_clock::now() + kNeverExpires;
    while (Query("vector(1)").find("=> 1") == std::string::npos) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << Log();
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  void StopPrometheus() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  std::string Query(const std::string& query) { return Output("promtool query instant " + url_ + " '" + query + "'"); }
  std::string Log() const {
    std::ifstream file(root_ + "/log");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  PosixFs fs_;
  std::string root_;
  std::string url_;
  TimestampMs now_ = 0;
  int port_ = FreePort();
  pid_t pid_ = 0;
};

TEST_F(TsdbWalTest, PromtoolDumpsEverySampleThatWasWritten) {
  ASSERT_NO_FATAL_FAILURE(Write());
  ASSERT_GT(std::distance(std::filesystem::directory_iterator(root_ + "/wal"), {}), 3) << "several segments";
  const std::string dump = Output("promtool tsdb dump " + root_);
  std::set<std::string> lines;
  for (std::size_t at = 0; at < dump.size();) {
    const std::size_t end = std::min(dump.find('\n', at), dump.size());
    lines.insert(dump.substr(at, end - at));
    at = end + 1;
  }
  ASSERT_EQ(lines.size(), static_cast<std::size_t>(kSeries * kSamples)) << dump.substr(0, 2000);
  for (int n = 0; n < kSeries; n += 37) {
    for (int i = 0; i < kSamples; ++i) {
      std::string value;
      AppendDoubleExposition(value, Value(n, i));
      const std::string line = "{__name__=\"tickbird_probe\", n=\"" + std::to_string(n) +
                               "\", odd=\"quote \\\" backslash \\\\ line \\n é\"} " + value + " " +
                               std::to_string(Time(i));
      ASSERT_TRUE(lines.contains(line)) << line << "\nfirst lines:\n" << dump.substr(0, 500);
    }
  }
}

TEST_F(TsdbWalTest, PrometheusStartsOnTheLogAndAnswersFromIt) {
  ASSERT_NO_FATAL_FAILURE(Write());
  ASSERT_NO_FATAL_FAILURE(StartPrometheus("global: {}\n"));
  EXPECT_NE(Query("count(tickbird_probe)").find("=> " + std::to_string(kSeries) + " "), std::string::npos);
  const std::string count = "sum(count_over_time(tickbird_probe[1h]))";
  EXPECT_NE(Query(count).find("=> " + std::to_string(kSeries * kSamples) + " "), std::string::npos) << Query(count);
  for (const int n : {0, 7, 299}) {
    std::string expected = "=> ";
    AppendDoubleExposition(expected, Value(n, 17));
    const std::string at = std::to_string(Time(17) / kSecondMs);
    const std::string answer = Query("tickbird_probe{n=\"" + std::to_string(n) + "\"} @ " + at);
    EXPECT_NE(answer.find(expected + " @"), std::string::npos) << expected << " in " << answer;
  }
  EXPECT_EQ(Log().find("level=error"), std::string::npos) << Log();
  EXPECT_EQ(Log().find("orrupt"), std::string::npos) << Log();
}

TEST_F(TsdbWalTest, PrometheusReadsACheckpointAndTheSegmentsAfterIt) {
  ASSERT_NO_FATAL_FAILURE(Write());
  const std::unique_ptr<Head> head = Open(now_);
  ASSERT_TRUE(head);
  // Only the last 100 seconds are kept: the segments before them go.
  head->DropBefore(now_ - 100 * kSecondMs);
  head->Maintain(now_);
  ASSERT_EQ(head->Stats().wal.checkpoints, 1);
  ASSERT_TRUE(head->Close());
  ASSERT_NO_FATAL_FAILURE(StartPrometheus("global: {}\n"));
  EXPECT_NE(Query("count(last_over_time(tickbird_probe[10m]))").find("=> " + std::to_string(kSeries) + " "),
            std::string::npos);
  const std::string count = "min(count_over_time(tickbird_probe[1h])) >= bool 100 < bool 2";
  EXPECT_NE(Query(count).find("=> 1 "), std::string::npos) << Query(count);
  EXPECT_EQ(Log().find("level=error"), std::string::npos) << Log();
  EXPECT_EQ(Log().find("nknown series references"), std::string::npos) << Log();
}

TEST_F(TsdbWalTest, PrometheusTakesFinishedChunksFromDisk) {
  ASSERT_NO_FATAL_FAILURE(Write());
  {
    const std::unique_ptr<Head> head = Open(now_, {.memory_window = 0});
    ASSERT_TRUE(head);
    head->Maintain(now_);
    ASSERT_GE(head->Stats().spilled_chunks, 2 * kSeries);
    ASSERT_TRUE(head->Close());
  }
  ASSERT_NO_FATAL_FAILURE(StartPrometheus("global: {}\n"));
  const std::string count = "sum(count_over_time(tickbird_probe[1h]))";
  EXPECT_NE(Query(count).find("=> " + std::to_string(kSeries * kSamples) + " "), std::string::npos) << Query(count);
  for (const int n : {0, 7, 299}) {
    for (const int i : {0, 17, 120, 398}) {
      std::string expected = "=> ";
      AppendDoubleExposition(expected, Value(n, i));
      const std::string answer =
          Query("tickbird_probe{n=\"" + std::to_string(n) + "\"} @ " + std::to_string(Time(i) / kSecondMs));
      EXPECT_NE(answer.find(expected + " @"), std::string::npos) << expected << " in " << answer;
    }
  }
  EXPECT_EQ(Log().find("level=error"), std::string::npos) << Log();
  EXPECT_EQ(Log().find("orrupt"), std::string::npos) << Log();
  EXPECT_EQ(Log().find("Loading on-disk chunks failed"), std::string::npos) << Log();
  // Prometheus says what it found: our chunks, of which each series has at least two.
  const std::string metrics = Output("curl -s " + url_ + "/metrics");
  EXPECT_EQ(metrics.find("prometheus_tsdb_mmap_chunk_corruptions_total 1"), std::string::npos);
  const std::size_t chunks = metrics.find("\nprometheus_tsdb_head_chunks ");
  ASSERT_NE(chunks, std::string::npos);
  EXPECT_GE(std::stod(metrics.substr(metrics.find(' ', chunks + 1))), 3 * kSeries);
}

TEST_F(TsdbWalTest, PrometheusWithAWindowReadsWhatCameOutOfOrder) {
  {
    const std::unique_ptr<Head> head = Open(now_, {.out_of_order_window = 10 * kMinuteMs});
    ASSERT_TRUE(head);
    const auto appender = head->NewAppender();
    for (int i = 0; i < kSamples; i += 2) ASSERT_TRUE(appender->Append(0, LabelsOf(0), Time(i), i));
    ASSERT_TRUE(appender->Commit());
    // From the newest back, so that each is late.
    for (int i = kSamples - 3; i > 0; i -= 2) ASSERT_TRUE(appender->Append(0, LabelsOf(0), Time(i), i));
    ASSERT_TRUE(appender->Commit());
    ASSERT_EQ(head->Stats().samples_out_of_order, kSamples / 2 - 1);
    ASSERT_TRUE(head->Close());
  }
  ASSERT_NO_FATAL_FAILURE(StartPrometheus("global: {}\nstorage: { tsdb: { out_of_order_time_window: 1h } }\n"));
  const std::string count = "count_over_time(tickbird_probe[1h])";
  EXPECT_NE(Query(count).find("=> " + std::to_string(kSamples - 1) + " "), std::string::npos) << Query(count);
  for (const int i : {0, 1, 17, 250, 397}) {
    const std::string answer = Query("tickbird_probe @ " + std::to_string(Time(i) / kSecondMs));
    EXPECT_NE(answer.find("=> " + std::to_string(i) + " @"), std::string::npos) << i << " in " << answer;
  }
  EXPECT_EQ(Log().find("level=error"), std::string::npos) << Log();
}

TEST_F(TsdbWalTest, HeadReadsTheLogOfAPrometheus) {
  const std::string target = "127.0.0.1:" + std::to_string(port_);
  ASSERT_NO_FATAL_FAILURE(
      StartPrometheus("global: { scrape_interval: 200ms, scrape_timeout: 200ms }\nscrape_configs:\n- job_name: self\n"
                      "  static_configs: [{ targets: ['" +
                      target + "'] }]\n"));
  const auto deadline = std::chrono::steady_clock::now() + kNeverExpires;
  while (Query("count_over_time(up[1m]) >= bool 10").find("=> 1 ") == std::string::npos) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << Log();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  StopPrometheus();
  const std::unique_ptr<Head> head = Open(SystemClock().Now());
  ASSERT_TRUE(head);
  const HeadReplay replay = head->Stats().replay;
  EXPECT_GT(replay.series, 100);
  EXPECT_EQ(replay.unknown_samples, 0);
  EXPECT_EQ(replay.wal.damaged_segments, 0);
  auto up = head->Select({.matchers = {Matcher::Equal("__name__", "up")}, .min = 0, .max = SystemClock().Now()});
  ASSERT_TRUE(up);
  ASSERT_EQ(up->size(), 1U);
  std::array<TimestampMs, 100> timestamps;
  std::array<double, 100> values;
  EXPECT_GE((*up)[0].cursor->Read(timestamps, values), 10U);
  EXPECT_EQ(values[0], 1);
}

}  // namespace
}  // namespace tickbird::tsdb
