// The store from outside, one measurement a process, as tests/testing/promtsdb measures Prometheus'
// (tests/bench/tsdb.py puts them side by side). Prints JSON.
//   tsdb_store_bench append DIRECTORY [--series=N] [--rounds=N] [--start=MS] [--step=MS] [--batch=N] [--block=MS]
//   [--compact] tsdb_store_bench open DIRECTORY tsdb_store_bench lines [--series=N] [--rounds=N] [--start=MS]
//   [--step=MS]     the same data as VictoriaMetrics imports it
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/base/fs.h"
#include "core/base/number.h"
#include "core/tsdb/store/store.h"
#include "tests/bench/tsdb_data.h"
#include "tests/testing/tsdb_flags.h"

namespace tickbird::bench {
namespace {

using testing::Flags;

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::int64_t Pss() {
  std::ifstream file("/proc/self/smaps_rollup");
  std::string word;
  while (file >> word) {
    std::int64_t kib = 0;
    if (word == "Pss:" && file >> kib) return kib * 1024;
  }
  return 0;
}

void Must(const Status& status) {
  if (status) return;
  std::fprintf(stderr, "tsdb_store_bench: %s\n", status.error().ToString().c_str());
  std::exit(EXIT_FAILURE);
}

tsdb::StoreOptions Options(const Flags& flags) {
  tsdb::StoreOptions options;
  options.retention = 20 * 365 * 24 * kHourMs;
  options.retention_bytes = 0;
  options.head.max_series = 4'000'000;
  // What the head may keep is not the question here.
  options.head.max_memory_bytes = std::int64_t{16} << 30;
  options.max_memory_bytes = options.head.max_memory_bytes;
  options.head.wal.max_bytes = std::int64_t{64} << 30;
  options.head.max_future = options.retention;  // Maintenance runs beside, behind the virtual time.
  options.head.block_range = flags.Number("block", 2 * kHourMs);
  options.max_block_range = options.head.block_range * 9;
  return options;
}

struct Plan {
  explicit Plan(const Flags& flags)
      : series(static_cast<std::size_t>(flags.Number("series", 100'000))),
        rounds(flags.Number("rounds", 60)),
        start(flags.Number("start", 1'700'000'000'000)),
        step(flags.Number("step", 15 * kSecondMs)),
        batch(static_cast<std::size_t>(flags.Number("batch", static_cast<std::int64_t>(series)))),
        pace_us(flags.Number("pace", 0)) {}
  TimestampMs Time(std::int64_t round) const { return start + round * step; }

  std::size_t series;
  std::int64_t rounds;
  TimestampMs start;
  DurationMs step;
  std::size_t batch;
  std::int64_t pace_us;  ///< Sleep after each commit.
};

/// Values are made before the clock starts; labels too, but only for series that are new.
class Writer {
 public:
  Writer(tsdb::Store& store, const Plan& plan) : store_(store), plan_(plan), refs_(plan.series) {
    for (std::size_t n = 0; n < plan.series; ++n) series_.emplace_back(n);
    values_.resize(plan.batch);
  }

  /// Seconds in the store for one round.
  double Round(std::int64_t round) {
    double inside = 0;
    for (std::size_t at = 0; at < plan_.series; at += plan_.batch) {
      const std::size_t end = std::min(at + plan_.batch, plan_.series);
      for (std::size_t n = at; n < end; ++n) values_[n - at] = series_[n].Next();
      const double began = Now();
      const auto appender = store_.NewAppender();
      for (std::size_t n = at; n < end; ++n) {
        const auto ref = appender->Append(refs_[n], refs_[n] == 0 ? HostLabels(static_cast<int>(n)) : Labels(),
                                          plan_.Time(round), values_[n - at]);
        Must(ref ? Status() : Status(ref.error()));
        refs_[n] = *ref;
      }
      Must(appender->Commit());
      const double seconds = Now() - began;
      inside += seconds;
      if (round > 0) batches_.push_back(seconds);
      if (plan_.pace_us > 0) std::this_thread::sleep_for(std::chrono::microseconds(plan_.pace_us));
    }
    return inside;
  }
  std::vector<double>& batches() { return batches_; }

 private:
  tsdb::Store& store_;
  const Plan& plan_;
  std::vector<HostSeries> series_;
  std::vector<SeriesRef> refs_;
  std::vector<double> values_;
  std::vector<double> batches_;
};

void Append(const Flags& flags, const std::string& directory) {
  PosixFs fs;
  const Plan plan(flags);
  auto store = tsdb::Store::Open(fs, Options(flags), directory, plan.start);
  Must(store ? Status() : Status(store.error()));
  Writer writer(**store, plan);
  ::malloc_trim(0);
  const std::int64_t before = Pss();
  std::atomic<std::int64_t> round = 0;
  std::atomic<bool> done = false;
  const bool beside = flags.Has("block");
  std::thread maintenance([&] {
    while (beside && !done) (*store)->Maintain(plan.Time(round));
  });
  double best = 1e9;
  for (; round < plan.rounds; ++round) {
    if (!beside && round % 4 == 0) (*store)->Maintain(plan.Time(round));
    const double seconds = writer.Round(round);
    if (round >= 3) best = std::min(best, seconds);
  }
  done = true;
  maintenance.join();
  const std::int64_t as_is = Pss() - before;
  ::malloc_trim(0);
  const std::int64_t trimmed = Pss() - before;
  const tsdb::StoreStats stats = (*store)->Stats();
  std::vector<double>& batches = writer.batches();
  std::sort(batches.begin(), batches.end());
  const auto quantile = [&](double q) {
    return batches.empty() ? 0 : batches[static_cast<std::size_t>(q * static_cast<double>(batches.size() - 1))] * 1e3;
  };
  // A snapshot holds everything as blocks: what the same data takes once all of it is compacted.
  if (flags.Has("compact")) {
    (*store)->Maintain(plan.Time(plan.rounds));
    const auto snapshot = (*store)->Snapshot(false, plan.Time(plan.rounds));
    Must(snapshot ? Status() : Status(snapshot.error()));
  }
  Must((*store)->Close());
  std::printf(
      "{\"series\": %zu, \"samples\": %lld, \"append_ns\": %.2f, \"pss_as_is\": %lld, \"pss_after_gc\": %lld, "
      "\"stats_bytes\": %lld, \"blocks\": %lld, \"compactions\": %lld, \"batch_ms_p50\": %.4f, \"batch_ms_p999\": "
      "%.4f, "
      "\"batch_ms_max\": %.4f}\n",
      plan.series, static_cast<long long>(static_cast<std::int64_t>(plan.series) * plan.rounds),
      best / static_cast<double>(plan.series) * 1e9, static_cast<long long>(as_is), static_cast<long long>(trimmed),
      static_cast<long long>(stats.memory_bytes), static_cast<long long>(stats.blocks),
      static_cast<long long>(stats.compactions), quantile(0.5), quantile(0.999), quantile(1));
}

void Open(const Flags& flags, const std::string& directory) {
  PosixFs fs;
  const double began = Now();
  auto store = tsdb::Store::Open(fs, Options(flags), directory, 0);
  const double seconds = Now() - began;
  Must(store ? Status() : Status(store.error()));
  const tsdb::StoreStats stats = (*store)->Stats();
  std::printf("{\"seconds\": %.5f, \"series\": %lld, \"samples\": %lld}\n", seconds,
              static_cast<long long>(stats.head.series), static_cast<long long>(stats.head.replay.samples));
}

void Lines(const Flags& flags) {
  const Plan plan(flags);
  std::string line;
  for (std::size_t n = 0; n < plan.series; ++n) {
    line = "{\"metric\":{";
    for (const LabelView& label : HostLabels(static_cast<int>(n))) {
      if (line.back() != '{') line += ',';
      line += '"' + std::string(label.name) + "\":\"" + std::string(label.value) + '"';
    }
    line += "},\"values\":[";
    HostSeries series(n);
    for (std::int64_t round = 0; round < plan.rounds; ++round) {
      if (round > 0) line += ',';
      AppendDouble(line, series.Next());
    }
    line += "],\"timestamps\":[";
    for (std::int64_t round = 0; round < plan.rounds; ++round) {
      if (round > 0) line += ',';
      line += std::to_string(plan.Time(round));
    }
    line += "]}\n";
    std::fwrite(line.data(), 1, line.size(), stdout);
  }
}

}  // namespace
}  // namespace tickbird::bench

int main(int argc, char** argv) {
  using namespace tickbird::bench;
  const Flags flags(argc, argv);
  const std::string& words = flags.words();
  if (words.starts_with("append ")) {
    Append(flags, words.substr(7));
  } else if (words.starts_with("open ")) {
    Open(flags, words.substr(5));
  } else if (words == "lines") {
    Lines(flags);
  } else {
    std::fprintf(stderr, "usage: tsdb_store_bench append|open DIRECTORY | lines [--flags]\n");
    return EXIT_FAILURE;
  }
}
