#include "tests/crash/oracle.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <map>
#include <set>

#include "core/base/number.h"

namespace tickbird::crash {
namespace {

std::uint64_t Mix(std::uint64_t z) {
  z += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111eb;
  return z ^ (z >> 31U);
}

/// What may be at a time, as far as rounds go.
struct Origin {
  std::int64_t round = 0;  // that wrote it; 0: nobody did
  bool late = false;
};

Origin OriginOf(int series, TimestampMs t) {
  const std::int64_t ticks = (t - kBase) / kTick;
  switch ((t - kBase) % kTick) {
    case 0:
      return {.round = ticks};
    case kTick / 2:
      if (IsHistogram(series) || (ticks + kLateBy) % kLateEvery != 0) return {};
      return {.round = ticks + kLateBy, .late = true};
    default:
      return {};
  }
}

std::string Say(const std::string& what, int series, TimestampMs t) {
  return what + ": series " + std::to_string(series) + " at " + std::to_string(t) + " (round " +
         std::to_string(OriginOf(series, t).round) + (OriginOf(series, t).late ? ", late)" : ")");
}

/// One look at one series.
class Look {
 public:
  Look(const Ledger& ledger, const Certainty& before, int series)
      : ledger_(ledger),
        series_(series),
        writer_(ledger.writers[static_cast<std::size_t>(series / kSeriesPerWriter)]),
        acknowledged_(before.acknowledged[static_cast<std::size_t>(series / kSeriesPerWriter)]),
        gone_(Deletions(before.deletions, [&](int i) { return before.deleted[static_cast<std::size_t>(i)]; })) {
    const int holes = writer_.holes.load();
    for (int i = 0; i < holes; ++i) holes_.insert(writer_.hole[static_cast<std::size_t>(i)].load());
  }

  /// Reads the cursor; "" or what is wrong with a sample.
  std::string Read(SeriesCursor& cursor) {
    std::array<TimestampMs, 256> timestamps{};
    std::array<double, 256> values{};
    while (true) {
      const std::size_t count = cursor.Read(timestamps, values);
      for (std::size_t i = 0; i < count; ++i) {
        const bool right = !IsHistogram(series_) && std::bit_cast<std::uint64_t>(values[i]) ==
                                                        std::bit_cast<std::uint64_t>(ValueAt(series_, timestamps[i]));
        if (std::string fault = Take(timestamps[i], right); !fault.empty()) return fault;
      }
      if (count > 0) continue;
      TimestampMs t = 0;
      FloatHistogram histogram;
      if (!cursor.ReadHistogram(&t, &histogram)) break;
      if (std::string fault = Take(t, IsRight(t, histogram)); !fault.empty()) return fault;
    }
    if (const Status status = cursor.status(); !status) return "damage while reading: " + status.error().message;
    return "";
  }

  /// What is missing, once all was read: what was deleted or left the retention meanwhile is not.
  std::string Missing() const {
    const TimestampMs kept_from = ledger_.now.load() - kRetention;
    const tsdb::Intervals perhaps_gone =
        Deletions(std::min(ledger_.deletions.load(), kMaxDeletions), [](int) { return true; });
    const auto missing = [&](TimestampMs t) {
      return t >= kept_from && !std::ranges::binary_search(present_, t) && !IsIn(perhaps_gone, t);
    };
    const auto say = [&](TimestampMs t) {
      return Say("lost", series_, t) + ", acknowledged until round " + std::to_string(acknowledged_);
    };
    for (std::int64_t round = std::max<std::int64_t>(1, (kept_from - kBase) / kTick); round <= acknowledged_; ++round) {
      if (holes_.contains(round)) continue;
      if (missing(TimeOf(round))) return say(TimeOf(round));
      if (round % kLateEvery != 0 || round <= kLateBy || IsHistogram(series_)) continue;
      const TimestampMs late = TimeOf(round - kLateBy) + kTick / 2;
      if (missing(late)) return say(late);
    }
    return "";
  }

  std::int64_t samples() const { return static_cast<std::int64_t>(present_.size()); }

 private:
  bool IsRight(TimestampMs t, const FloatHistogram& got) const {
    if (!IsHistogram(series_)) return false;
    const FloatHistogram expected = HistogramAt(series_, t).ToFloat();
    return got.count == expected.count && got.sum == expected.sum && got.zero_count == expected.zero_count &&
           got.positive_buckets == expected.positive_buckets &&
           got.layout.positive_spans == expected.layout.positive_spans;
  }

  std::string Take(TimestampMs t, bool right) {
    if (!present_.empty() && t <= present_.back()) return Say("out of order or twice", series_, t);
    present_.push_back(t);
    const Origin origin = OriginOf(series_, t);
    if (origin.round <= (origin.late ? kLateBy : 0) || origin.round > writer_.started.load()) {
      return Say("never written", series_, t);
    }
    if (!right) return Say("wrong value", series_, t);
    // What is older than the retention may come back from a log that was not shortened yet, for a moment.
    if (IsIn(gone_, t) && t >= ledger_.now.load() - kRetention) return Say("was deleted", series_, t);
    return "";
  }

  /// Of this series, among the first `count`.
  tsdb::Intervals Deletions(int count, const auto& wanted) const {
    tsdb::Intervals intervals;
    for (int i = 0; i < count; ++i) {
      const Ledger::Deletion& deletion = ledger_.deletion[static_cast<std::size_t>(i)];
      if (deletion.series == series_ && wanted(i)) intervals.push_back(deletion.interval);
    }
    return intervals;
  }

  static bool IsIn(const tsdb::Intervals& intervals, TimestampMs t) {
    return std::ranges::any_of(intervals, [&](const auto& interval) { return t >= interval.min && t <= interval.max; });
  }

  const Ledger& ledger_;
  const int series_;
  const Ledger::Writer& writer_;
  const std::int64_t acknowledged_;
  const tsdb::Intervals gone_;
  std::set<std::int64_t> holes_;
  std::vector<TimestampMs> present_;
};

}  // namespace

Certainty::Certainty(const Ledger& ledger) : deletions(std::min(ledger.deletions.load(), kMaxDeletions)) {
  for (std::size_t w = 0; w < kWriters; ++w) acknowledged[w] = ledger.writers[w].acknowledged.load();
  for (int i = 0; i < deletions; ++i) {
    deleted.push_back(ledger.deletion[static_cast<std::size_t>(i)].done.load());
  }
}

Labels LabelsOf(int series) {
  return {{"__name__", IsHistogram(series) ? "crash_histogram" : "crash_float"},
          {"n", std::to_string(series)},
          {"writer", std::to_string(series / kSeriesPerWriter)}};
}

bool IsHistogram(int series) {
  return series % 3 == 2;
}

double ValueAt(int series, TimestampMs t) {
  const std::uint64_t random = Mix(static_cast<std::uint64_t>(t) * 1000 + static_cast<std::uint64_t>(series));
  return series % 3 == 0 ? static_cast<double>(random % 1000) : static_cast<double>(random) / 1e3;
}

Histogram HistogramAt(int series, TimestampMs t) {
  const std::uint64_t random = Mix(static_cast<std::uint64_t>(t) * 1000 + static_cast<std::uint64_t>(series));
  Histogram histogram;
  histogram.layout.schema = 3;
  histogram.layout.zero_threshold = 0.001;
  histogram.layout.positive_spans = {{.offset = 2, .length = 2},
                                     {.offset = static_cast<std::int32_t>(t / 60'000 % 5), .length = 1}};
  histogram.zero_count = random % 7;
  const std::array<std::int64_t, 3> counts = {static_cast<std::int64_t>(random % 100 + 1),
                                              static_cast<std::int64_t>(random % 31 + 1),
                                              static_cast<std::int64_t>(random % 11 + 1)};
  histogram.positive_deltas = {counts[0], counts[1] - counts[0], counts[2] - counts[1]};
  histogram.count = histogram.zero_count;
  for (const std::int64_t count : counts) histogram.count += static_cast<std::uint64_t>(count);
  histogram.sum = static_cast<double>(random % 100'000) / 8;
  return histogram;
}

std::string Contradiction(const Queryable& store, const Ledger& ledger, const Certainty& before,
                          std::int64_t* samples) {
  auto selected = store.Select({.matchers = {Matcher::Create(Matcher::Type::kRegex, "__name__", "crash_.*").value()},
                                .min = std::numeric_limits<TimestampMs>::min(),
                                .max = std::numeric_limits<TimestampMs>::max()});
  if (!selected) return "select: " + selected.error().message;
  std::map<int, SeriesCursor*> cursors;
  for (const SelectedSeries& series : *selected) {
    const int number = std::atoi(std::string(series.labels.Get("n")).c_str());
    if (number < 0 || number >= kWriters * kSeriesPerWriter || series.labels != LabelsOf(number)) {
      return "a series that nobody wrote: " + series.labels.ToString();
    }
    if (!cursors.emplace(number, series.cursor.get()).second) return "twice: " + series.labels.ToString();
  }
  for (int series = 0; series < kWriters * kSeriesPerWriter; ++series) {
    const auto cursor = cursors.find(series);
    Look look(ledger, before, series);
    if (cursor != cursors.end()) {
      if (std::string fault = look.Read(*cursor->second); !fault.empty()) return fault;
    }
    if (std::string fault = look.Missing(); !fault.empty()) return fault;
    *samples += look.samples();
  }
  return "";
}

}  // namespace tickbird::crash
