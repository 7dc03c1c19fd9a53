#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/ingest/statsd/statsd_line.h"
#include "agent/ingest/statsd/statsd_naming.h"
#include "agent/ingest/statsd/statsd_stats.h"
#include "core/base/clock.h"
#include "core/base/strings.h"
#include "core/model/appender.h"
#include "core/model/labels.h"

namespace tickbird::statsd {

struct AggregatorOptions {
  std::string job = "statsd";
  std::string instance;
  /// Upper bounds of histograms, rising, without +Inf. These serve thresholds at 0.1, 1, 2, 5 and 10 seconds exactly.
  std::vector<double> buckets = {.005, .01, .025, .05, .1, .25, .5, 1, 2, 2.5, 5, 10, 30, 60};
  std::size_t max_names = 2000;    ///< Metric families; lines of further ones are dropped.
  std::size_t max_series = 20000;  ///< In the store's count; further label sets go to their name's overflow series.
  std::size_t max_series_per_name = 1000;  ///< Label sets of one family; further ones go to its overflow series.
  std::size_t max_set_values = 10000;      ///< Distinct values of one set between two flushes.
  std::size_t max_key_bytes = 1024;        ///< Name and tags of one line.
  std::size_t max_cache_bytes = 4 << 20;   ///< For finding a line's series by its text.
  DurationMs idle_expiry = kHourMs;        ///< A series that no line touched for so long ends with a stale marker.
};

/// Turns StatsD lines into series: counters that only grow, gauges, classic histograms (timers in seconds), and for
/// sets the number of distinct values since the last flush. Pure: the caller feeds it and flushes it.
///
/// Beyond the limits, a label set that is new is added up in one series of its name with the label
/// tickbird_overflow="true", so totals stay right; each such line is counted under series_limit. A new counter or
/// histogram is written with a zero at the time of the previous flush first, so that rate() and increase() see its
/// first event. Not thread safe; stats() may be read from any thread.
class Aggregator {
 public:
  explicit Aggregator(AggregatorOptions options = {});
  ~Aggregator();
  Aggregator(const Aggregator&) = delete;
  Aggregator& operator=(const Aggregator&) = delete;

  /// Takes the lines of one datagram, separated by newlines.
  void AddDatagram(std::string_view datagram);
  void AddLine(std::string_view line);

  /// Appends every live series at `now` and forgets the idle ones. `now` must rise from call to call. The caller
  /// commits. What the appender refuses is counted and tried again, with its newer value, at the next flush.
  void Flush(TimestampMs now, Appender& appender);

  const AggregatorStats& stats() const { return stats_; }

 private:
  struct Family;
  struct Series;

  /// The name and tags of a line as one lookup key.
  struct KeyView {
    std::string_view name;
    std::string_view tags;
    LineType type;
  };
  struct Key {
    std::string text;  // name and tags, one behind the other
    std::uint32_t name_size;
    LineType type;
    KeyView View() const {
      return {std::string_view(text).substr(0, name_size), std::string_view(text).substr(name_size), type};
    }
  };
  struct KeyHash {
    using is_transparent = void;
    std::size_t operator()(const KeyView& key) const;
    std::size_t operator()(const Key& key) const { return (*this)(key.View()); }
  };
  struct KeyEqual {
    using is_transparent = void;
    static bool Same(const KeyView& a, const KeyView& b) {
      return a.type == b.type && a.name == b.name && a.tags == b.tags;
    }
    bool operator()(const Key& a, const Key& b) const { return Same(a.View(), b.View()); }
    bool operator()(const KeyView& a, const Key& b) const { return Same(a, b.View()); }
    bool operator()(const Key& a, const KeyView& b) const { return Same(a.View(), b); }
  };
  /// Where lines with one key go: a series, or (series == nullptr) nowhere.
  struct Target {
    Series* series = nullptr;
    double divisor = 1;
    std::optional<Reason> complaint;  // counted for each line
  };

  void Count(Reason reason) { stats_.errors[static_cast<std::size_t>(reason)].Add(); }
  const Target& Find(const Line& line);
  Target Resolve(const Line& line);
  std::expected<Family*, Reason> FindFamily(const Naming& naming);
  Target FindSeries(Family& family, const Labels& labels);
  Series* AddSeries(Family& family, const Labels& labels);
  void Apply(const Target& target, const Line& line);
  bool ApplyValue(Series& series, const Line& line, double value, double weight);
  void AddToSet(Series& series, std::string_view value);
  void AppendSeries(Series& series, TimestampMs now, Appender& appender);
  void AppendCells(Series& series, TimestampMs at, Appender& appender, bool zero);
  void AppendStale(Series& series, TimestampMs now, Appender& appender);
  void ForgetFamilies();
  void ForgetKeys();
  std::size_t CellCount(Kind kind) const { return kind == Kind::kHistogram ? options_.buckets.size() + 3 : 1; }

  const AggregatorOptions options_;
  AggregatorStats stats_;
  std::unordered_map<std::string, std::unique_ptr<Family>, StringHash, std::equal_to<>> families_;
  std::unordered_map<std::string, Family*, StringHash, std::equal_to<>>
      sample_names_;                                            // whose _bucket, _sum, ... a name is
  std::unordered_map<Key, Target, KeyHash, KeyEqual> targets_;  // a cache: may be emptied at any time
  std::size_t targets_bytes_ = 0;
  std::size_t series_count_ = 0;
  TimestampMs last_flush_ = 0;
};

}  // namespace tickbird::statsd
