// What the head costs: ns per sample written and read, bytes per series, replay. One core; best of several runs.
#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/tsdb/head/head.h"

namespace tickbird::tsdb {
namespace {

constexpr int kSeries = 100'000;
constexpr TimestampMs kStart = 1'700'000'000'000;
constexpr DurationMs kInterval = 15 * kSecondMs;

double Seconds(const auto& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void Row(const char* what, double number, const char* unit) {
  std::printf("| %-58s | %9.1f %-12s |\n", what, number, unit);
}

std::int64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t total = 0;
  std::int64_t resident = 0;
  statm >> total >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

Labels LabelsOf(int i) {
  return {{"__name__", "http_request_duration_seconds_bucket"},
          {"job", "api"},
          {"instance", "10.0.0." + std::to_string(i % 50) + ":9090"},
          {"handler", "/api/v1/items/" + std::to_string(i / 50 % 200)},
          {"le", std::to_string(i / 10000)},
          {"code", "200"}};
}

/// Half of the series are counters that move, a quarter gauges with noise, a quarter stand still.
double Value(int series, int round) {
  if (series % 2 == 0) return round * (series % 17) + series;
  return series % 4 == 1 ? std::round(std::sin(series + round) * 1000) / 10 : series;
}

void BenchChunks() {
  std::vector<TimestampMs> timestamps(120);
  std::vector<double> values(120);
  std::vector<ChunkRef> chunks;
  double encode = 1e9;
  double decode = 1e9;
  constexpr int kChunks = 20000;
  for (int run = 0; run < 5; ++run) {
    chunks.clear();
    encode = std::min(encode, Seconds([&] {
                        XorAppender appender;
                        for (int c = 0; c < kChunks; ++c) {
                          for (int i = 0; i < 120; ++i) appender.Append(kStart + i * kInterval, Value(c, i));
                          chunks.push_back(appender.Snapshot());
                          appender.Clear();
                        }
                      }));
    decode = std::min(decode, Seconds([&] {
                        for (const ChunkRef& chunk : chunks) {
                          XorReader reader(chunk.bytes());
                          while (reader.Read(timestamps, values) > 0) {
                          }
                        }
                      }));
  }
  double bytes = 0;
  for (const ChunkRef& chunk : chunks) bytes += static_cast<double>(chunk.bytes().size());
  Row("XOR encode (with computing the values)", encode / kChunks / 120 * 1e9, "ns/sample");
  Row("XOR decode", decode / kChunks / 120 * 1e9, "ns/sample");
  Row("XOR size", bytes / kChunks / 120, "B/sample");
}

/// Rounds of one sample a series; returns ns per sample of the best round after the first three.
double Append(Head& head, std::vector<SeriesRef>& refs, const std::vector<Labels>& labels, int rounds, int first = 0) {
  double best = 1e9;
  for (int round = first; round < first + rounds; ++round) {
    const TimestampMs now = kStart + round * kInterval;
    head.Maintain(now);
    const double seconds = Seconds([&] {
      const auto appender = head.NewAppender();
      for (std::size_t i = 0; i < labels.size(); ++i) {
        refs[i] = appender->Append(refs[i], labels[i], now, Value(static_cast<int>(i), round)).value_or(0);
      }
      if (!appender->Commit()) std::abort();
    });
    if (round - first >= 3) best = std::min(best, seconds);
  }
  return best / static_cast<double>(labels.size()) * 1e9;
}

std::vector<Labels> MakeLabels() {
  std::vector<Labels> labels;
  labels.reserve(kSeries);
  for (int i = 0; i < kSeries; ++i) labels.push_back(LabelsOf(i));
  return labels;
}

void BenchMemory(PosixFs& fs) {
  ::malloc_trim(0);
  const std::int64_t before = ResidentBytes();
  auto head = Head::Open(fs, {.max_series = kSeries}, "", kNoTime, kStart);
  std::vector<SeriesRef> refs(kSeries);
  // 60 samples: half an open chunk. Labels are made per sample batch and dropped, as a scrape does.
  for (int round = 0; round < 60; ++round) {
    const auto appender = (*head)->NewAppender();
    for (int i = 0; i < kSeries; ++i) {
      auto& ref = refs[static_cast<std::size_t>(i)];
      ref = appender->Append(ref, ref == 0 ? LabelsOf(i) : Labels(), kStart + round * kInterval, Value(i, round))
                .value_or(0);
    }
    if (!appender->Commit()) std::abort();
    (*head)->Maintain(kStart + round * kInterval);
  }
  ::malloc_trim(0);
  const HeadStats stats = (*head)->Stats();
  Row("resident, 6 labels and 60 samples in an open chunk", static_cast<double>(ResidentBytes() - before) / kSeries,
      "B/series");
  Row("  of it labels", static_cast<double>(stats.label_bytes) / kSeries, "B/series");
  Row("  of it index", static_cast<double>(stats.index_bytes) / kSeries, "B/series");
  Row("  of it samples", static_cast<double>(stats.chunk_bytes) / kSeries, "B/series");
}

void BenchSelect(const Head& head, TimestampMs now) {
  const auto select = [&](Selection selection, bool read) {
    double best = 1e9;
    std::size_t count = 0;
    for (int run = 0; run < 5; ++run) {
      best = std::min(best, Seconds([&] {
                        auto selected = head.Select(selection);
                        count = selected->size();
                        std::vector<TimestampMs> timestamps(256);
                        std::vector<double> values(256);
                        for (auto& series : *selected) {
                          while (read && series.cursor->Read(timestamps, values) > 0) {
                          }
                        }
                      }));
    }
    return std::pair(best, count);
  };
  const std::vector<Matcher> thousand = {Matcher::Equal("__name__", "http_request_duration_seconds_bucket"),
                                         Matcher::Equal("le", "3"),
                                         *Matcher::Create(Matcher::Type::kRegex, "handler", "/api/v1/items/1.")};
  const auto [regex_seconds, regex_count] = select({.matchers = thousand, .min = now - kHourMs, .max = now}, false);
  Row("select by name, label and regex of 200 values", regex_seconds * 1e6, "us");
  Row("  series found", static_cast<double>(regex_count), "");
  const auto [newest_seconds, newest_count] =
      select({.matchers = {thousand[0]}, .min = now - kHourMs, .max = now, .newest_only = true}, true);
  Row("newest sample of 100k series", newest_seconds / static_cast<double>(newest_count) * 1e9, "ns/series");
  const auto [all_seconds, all_count] = select({.matchers = {thousand[0]}, .min = now - kHourMs, .max = now}, false);
  Row("select 100k series", all_seconds / static_cast<double>(all_count) * 1e9, "ns/series");
}

/// A head of 100k series that differ in one label, each with some finished chunks.
std::unique_ptr<Head> OpenWide(PosixFs& fs, const std::string& directory, std::vector<SeriesRef>* refs) {
  HeadOptions options{.memory_window = 0, .max_chunk_bytes = std::int64_t{1} << 30, .max_series = kSeries};
  options.max_memory_bytes = std::int64_t{4} << 30;
  auto head = Head::Open(fs, options, directory, kStart - kHourMs, kStart);
  if (!head) std::abort();
  refs->assign(kSeries, 0);
  for (int round = 0; round < 250; ++round) {
    const auto appender = (*head)->NewAppender();
    for (int i = 0; i < kSeries; ++i) {
      auto& ref = (*refs)[static_cast<std::size_t>(i)];
      const Labels labels =
          ref == 0 ? Labels{{"__name__", "wide"}, {"id", std::to_string(i)}, {"job", "api"}} : Labels();
      ref = appender->Append(ref, labels, kStart + round * kSecondMs, Value(i * 2, round) + round % 7).value_or(0);
    }
    if (!appender->Commit()) std::abort();
  }
  return std::move(*head);
}

struct Latency {
  double p999 = 0;
  double longest = 0;
};

/// How long batches of 200 samples take, from the first Append to the end of Commit, while `other` runs.
Latency AppendBeside(Head& head, std::vector<SeriesRef>& refs, int* round, const std::function<void()>& other) {
  std::atomic<bool> done = false;
  std::thread thread([&] {
    other();
    done = true;
  });
  std::vector<double> seconds;
  std::size_t next = 0;
  while (!done) {
    seconds.push_back(Seconds([&] {
      const auto appender = head.NewAppender();
      for (int i = 0; i < 200; ++i) {
        auto& ref = refs[next];
        ref = appender->Append(ref, {}, kStart + *round * kSecondMs, i).value_or(0);
        next = next + 1 == refs.size() ? 0 : next + 1;
      }
      if (!appender->Commit()) std::abort();
    }));
    if (next < 200) ++*round;
    // As scrapes come: with time in between.
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  thread.join();
  std::sort(seconds.begin(), seconds.end());
  return {seconds[seconds.size() * 999 / 1000] * 1e3, seconds.back() * 1e3};
}

void BenchReaders(PosixFs& fs, const std::string& directory) {
  std::vector<SeriesRef> refs;
  const auto head = OpenWide(fs, directory, &refs);
  const Matcher every = Matcher::Equal("job", "api");
  const auto regex = [](const char* text) { return *Matcher::Create(Matcher::Type::kRegex, "id", text); };
  std::size_t found = 0;
  const auto select = [&](const std::vector<Matcher>& matchers) {
    double best = 1e9;
    for (int run = 0; run < 5; ++run) {
      best = std::min(best, Seconds([&] {
                        found = head->Select({.matchers = matchers, .min = kStart, .max = kStart + kHourMs})->size();
                      }));
    }
    return best * 1e3;
  };
  Row("select by regex over 100k values of one label", select({regex(".*77.*")}), "ms");
  Row("  series found", static_cast<double>(found), "");
  Row("the same with an equality of all 100k series", select({every, regex(".*77.*")}), "ms");
  Row("equality of 100 series among 100k, with a regex", select({regex("1|2|33|444|5555"), regex(".*3.*")}) * 1e3,
      "us");
  int round = 250;
  const Latency alone =
      AppendBeside(*head, refs, &round, [] { std::this_thread::sleep_for(std::chrono::milliseconds(1500)); });
  Row("append and commit of 200 samples, p99.9", alone.p999, "ms");
  const Latency selecting = AppendBeside(*head, refs, &round, [&] {
    for (int i = 0; i < 30; ++i) {
      if (!head->Select({.matchers = {every}, .min = kStart, .max = kStart + kHourMs})) std::abort();
    }
  });
  Row("  while all 100k series are selected again and again", selecting.p999, "ms");
  Row("  the longest", selecting.longest, "ms");
  const Latency matching = AppendBeside(*head, refs, &round, [&] {
    for (int i = 0; i < 30; ++i) head->LabelValues("id", {every, regex(".*7.*")});
  });
  Row("  while values are listed by regex", matching.p999, "ms");
  Row("  the longest", matching.longest, "ms");
  const std::int64_t before = head->Stats().chunks_spilled;
  double spill_seconds = 0;
  const Latency spilling = AppendBeside(
      *head, refs, &round, [&] { spill_seconds = Seconds([&] { head->Maintain(kStart + 250 * kSecondMs); }); });
  const auto spilled = static_cast<double>(head->Stats().chunks_spilled - before);
  Row("  while chunks go to disk", spilling.p999, "ms");
  Row("  the longest", spilling.longest, "ms");
  Row("chunks to disk", spilled / spill_seconds / 1e3, "k chunks/s");
  Row("select of 100k series that are on disk", select({every}), "ms");
  const auto everything = head->Select({.matchers = {every}, .min = kStart, .max = kStart + kHourMs});
  std::int64_t samples = 0;
  const double seconds = Seconds([&] {
    std::vector<TimestampMs> timestamps(256);
    std::vector<double> values(256);
    for (const auto& series : *everything) {
      while (const std::size_t got = series.cursor->Read(timestamps, values)) samples += static_cast<std::int64_t>(got);
    }
  });
  Row("reading them, mostly from disk", static_cast<double>(samples) / seconds / 1e6, "M samples/s");
}

void BenchHead(PosixFs& fs, const std::string& directory, const std::vector<Labels>& labels) {
  std::vector<SeriesRef> refs(kSeries);
  const HeadOptions options{
      .max_chunk_bytes = std::int64_t{1} << 30, .max_series = kSeries, .wal = {.max_bytes = std::int64_t{4} << 30}};
  {
    auto head = Head::Open(fs, options, "", kNoTime, kStart);
    Row("append and commit, 100k warm series, memory only", Append(**head, refs, labels, 20), "ns/sample");
  }
  std::fill(refs.begin(), refs.end(), 0);
  {
    auto head = Head::Open(fs, options, directory, kNoTime, kStart);
    const double ns = Append(**head, refs, labels, 130);
    Row("append and commit, 100k warm series, with the log", ns, "ns/sample");
    Row("  that is", 1e3 / ns, "M samples/s");
    const HeadStats stats = (*head)->Stats();
    Row("log size, series records included",
        static_cast<double>(stats.wal.bytes) / static_cast<double>(stats.samples_appended), "B/sample");
    Row("Maintain of 100k series, nothing to drop", Seconds([&] { (*head)->Maintain(kStart + 130 * kInterval); }) * 1e3,
        "ms");
    BenchSelect(**head, kStart + 129 * kInterval);
  }
  std::int64_t samples = 0;
  const double seconds = Seconds([&] {
    auto head = Head::Open(fs, options, directory, kNoTime, kStart + 130 * kInterval);
    const HeadReplay replay = (*head)->Stats().replay;
    // Those of chunks on disk are read and left out.
    samples = replay.samples + replay.repeated_samples;
  });
  Row("replay of the log", static_cast<double>(samples) / seconds / 1e6, "M samples/s");
}

}  // namespace
}  // namespace tickbird::tsdb

int main() {
  using namespace tickbird;
  char directory[] = "/tmp/tickbird_tsdb_bench_XXXXXX";
  if (!::mkdtemp(directory)) return 1;
  PosixFs fs;
  tsdb::BenchMemory(fs);
  tsdb::BenchChunks();
  tsdb::BenchHead(fs, directory, tsdb::MakeLabels());
  tsdb::BenchReaders(fs, std::string(directory) + "/wide");
  std::filesystem::remove_all(directory);
}
