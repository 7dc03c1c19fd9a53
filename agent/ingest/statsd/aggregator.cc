#include "agent/ingest/statsd/aggregator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <unordered_set>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/base/number.h"
#include "core/exposition/number_reader.h"
#include "core/model/sample.h"

namespace tickbird::statsd {
namespace {

constexpr std::string_view kOverflowLabel = "tickbird_overflow";

std::span<const std::string_view> SampleSuffixes(Kind kind) {
  static constexpr std::array<std::string_view, 4> kHistogram = {"", "_bucket", "_sum", "_count"};
  return kind == Kind::kHistogram ? std::span(kHistogram) : std::span(kHistogram).first(1);
}

MetricMetadata Describe(Kind kind) {
  switch (kind) {
    case Kind::kCounter:
      return {.type = MetricType::kCounter, .help = "Sum of a StatsD counter."};
    case Kind::kGauge:
      return {.type = MetricType::kGauge, .help = "Last value of a StatsD gauge."};
    case Kind::kSet:
      return {.type = MetricType::kGauge, .help = "Distinct values of a StatsD set since the flush before."};
    case Kind::kHistogram:
      return {.type = MetricType::kHistogram, .help = "Values of a StatsD timer, histogram or distribution."};
  }
  return {};
}

}  // namespace

/// One stored series and how the store calls it.
struct Cell {
  Labels labels;
  SeriesRef ref = 0;
};

/// One label set of a family: what was added up, and the cells it is written to.
struct Aggregator::Series {
  Family* family = nullptr;
  bool touched = true;  // since the last flush
  bool is_new = true;
  TimestampMs last_used = 0;
  double value = 0;                            // of a counter or gauge; sum of a histogram
  std::vector<double> counts;                  // of a histogram, by bucket, not cumulative; the last is +Inf
  std::unordered_set<std::uint64_t> distinct;  // of a set, by hash
  std::vector<Cell> cells;                     // of a histogram: buckets, +Inf, sum, count
};

struct Aggregator::Family {
  std::string name;
  Kind kind = Kind::kGauge;
  MetricMetadata metadata;
  std::unordered_map<Labels, std::unique_ptr<Series>> series;  // by the labels without name and le
};

Aggregator::Aggregator(AggregatorOptions options) : options_(std::move(options)) {}
Aggregator::~Aggregator() = default;

std::size_t Aggregator::KeyHash::operator()(const KeyView& key) const {
  const std::uint64_t name =
      XXH3_64bits_withSeed(key.name.data(), key.name.size(), static_cast<std::uint64_t>(key.type));
  return key.tags.empty() ? name : XXH3_64bits_withSeed(key.tags.data(), key.tags.size(), name);
}

void Aggregator::AddDatagram(std::string_view datagram) {
  while (!datagram.empty()) AddLine(TakeUntil(datagram, '\n'));
}

void Aggregator::AddLine(std::string_view text) {
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.empty()) return;
  stats_.lines.Add();
  const auto line = ParseLine(text);
  if (!line) {
    Count(line.error());
    return;
  }
  if (line->bad_sample_rate) Count(Reason::kBadSampleRate);
  const Target& target = Find(*line);
  if (target.complaint) Count(*target.complaint);
  if (target.series) Apply(target, *line);
}

const Aggregator::Target& Aggregator::Find(const Line& line) {
  static constexpr Target kTooLong{.complaint = Reason::kTooLong};
  const KeyView view{line.name, line.tags, line.type};
  if (const auto known = targets_.find(view); known != targets_.end()) return known->second;
  const std::size_t bytes = line.name.size() + line.tags.size();
  if (bytes > options_.max_key_bytes) return kTooLong;
  const Target target = Resolve(line);
  constexpr std::size_t kPerKey = 96;  // the entry around the text
  targets_bytes_ += bytes + kPerKey;
  if (targets_bytes_ > options_.max_cache_bytes) {
    targets_.clear();
    targets_bytes_ = bytes + kPerKey;
  }
  Key key{.text = {}, .name_size = static_cast<std::uint32_t>(line.name.size()), .type = line.type};
  key.text.reserve(bytes);
  key.text.append(line.name).append(line.tags);
  return targets_.emplace(std::move(key), target).first->second;
}

Aggregator::Target Aggregator::Resolve(const Line& line) {
  const auto naming = NameSeries(line.name, line.tags, line.type);
  if (!naming) return {.complaint = naming.error()};
  const auto family = FindFamily(*naming);
  if (!family) return {.complaint = family.error()};
  LabelsBuilder labels = naming->labels;
  labels.Set("job", options_.job).Set("instance", options_.instance);
  Target target = FindSeries(**family, labels.Build());
  target.divisor = naming->divisor;
  if (naming->bad_tags > 0 && !target.complaint) target.complaint = Reason::kBadTag;
  return target;
}

std::expected<Aggregator::Family*, Reason> Aggregator::FindFamily(const Naming& naming) {
  const auto known = families_.find(naming.family);
  if (known != families_.end() && known->second->kind == naming.kind) return known->second.get();
  const auto suffixes = SampleSuffixes(naming.kind);
  for (const std::string_view suffix : suffixes) {
    if (sample_names_.contains(naming.family + std::string(suffix))) return std::unexpected(Reason::kTypeConflict);
  }
  if (families_.size() >= options_.max_names) return std::unexpected(Reason::kNameLimit);
  auto family = std::make_unique<Family>();
  family->name = naming.family;
  family->kind = naming.kind;
  family->metadata = Describe(naming.kind);
  for (const std::string_view suffix : suffixes) sample_names_[naming.family + std::string(suffix)] = family.get();
  Family* const added = (families_[naming.family] = std::move(family)).get();
  stats_.names.Set(families_.size());
  return added;
}

Aggregator::Target Aggregator::FindSeries(Family& family, const Labels& labels) {
  if (const auto known = family.series.find(labels); known != family.series.end())
    return {.series = known->second.get()};
  const bool fits = series_count_ + CellCount(family.kind) <= options_.max_series &&
                    family.series.size() < options_.max_series_per_name;
  if (fits) return {.series = AddSeries(family, labels)};

  const Labels overflow =
      LabelsBuilder().Set("job", options_.job).Set("instance", options_.instance).Set(kOverflowLabel, "true").Build();
  const auto known = family.series.find(overflow);
  // One a name, so at most max_names of them stand beyond max_series.
  return {.series = known != family.series.end() ? known->second.get() : AddSeries(family, overflow),
          .complaint = Reason::kSeriesLimit};
}

Aggregator::Series* Aggregator::AddSeries(Family& family, const Labels& labels) {
  auto series = std::make_unique<Series>();
  series->family = &family;
  LabelsBuilder builder(labels);
  const auto add_cell = [&](std::string_view suffix) {
    builder.Set(kMetricNameLabel, family.name + std::string(suffix));
    series->cells.push_back({.labels = builder.Build()});
  };
  if (family.kind == Kind::kHistogram) {
    series->counts.resize(options_.buckets.size() + 1);
    series->cells.reserve(CellCount(family.kind));
    for (const double bound : options_.buckets) {
      std::string text;
      AppendDoubleExposition(text, bound);
      builder.Set("le", text);
      add_cell("_bucket");
    }
    builder.Set("le", "+Inf");
    add_cell("_bucket");
    builder.Remove("le");
    add_cell("_sum");
    add_cell("_count");
  } else {
    add_cell("");
  }
  series_count_ += series->cells.size();
  stats_.series.Set(series_count_);
  return (family.series[labels] = std::move(series)).get();
}

void Aggregator::Apply(const Target& target, const Line& line) {
  Series& series = *target.series;
  if (line.type == LineType::kSet) {
    AddToSet(series, line.values);
    return;
  }
  const double weight = 1 / line.sample_rate;
  std::string_view rest = line.values;
  do {
    const std::string_view text = TakeUntil(rest, ':');
    double value = 0;
    if (!exposition::ReadNumber(text, value) || !std::isfinite(value)) {
      Count(Reason::kMalformedValue);
      continue;
    }
    if (line.type == LineType::kGauge) {
      const bool relative = text.front() == '+' || text.front() == '-';
      value += relative ? series.value : 0;
    } else if (line.type == LineType::kCounter && value < 0) {
      Count(Reason::kNegativeCounter);
      continue;
    }
    if (!ApplyValue(series, line, value / target.divisor, weight)) Count(Reason::kMalformedValue);
  } while (!rest.empty());
}

// False when the value is so large that the sum would be infinite, and stay so.
bool Aggregator::ApplyValue(Series& series, const Line& line, double value, double weight) {
  const bool is_gauge = series.family->kind == Kind::kGauge;
  const double next = is_gauge ? value : series.value + value * weight;
  if (!std::isfinite(next)) return false;
  series.value = next;
  series.touched = true;
  stats_.values[static_cast<std::size_t>(line.type)].Add();
  if (series.family->kind == Kind::kHistogram) {
    const auto bucket =
        std::lower_bound(options_.buckets.begin(), options_.buckets.end(), value) - options_.buckets.begin();
    series.counts[static_cast<std::size_t>(bucket)] += weight;
  }
  return true;
}

void Aggregator::AddToSet(Series& series, std::string_view value) {
  series.touched = true;
  stats_.values[static_cast<std::size_t>(LineType::kSet)].Add();
  const std::uint64_t hash = XXH3_64bits(value.data(), value.size());
  if (series.distinct.size() < options_.max_set_values) {
    series.distinct.insert(hash);
  } else if (!series.distinct.contains(hash)) {
    Count(Reason::kSetLimit);
  }
}

void Aggregator::Flush(TimestampMs now, Appender& appender) {
  bool expired = false;
  for (const auto& [name, family] : families_) {
    appender.SetMetadata(name, family->metadata);
    for (auto at = family->series.begin(); at != family->series.end();) {
      Series& series = *at->second;
      if (series.touched) series.last_used = now;
      if (now - series.last_used < options_.idle_expiry) {
        AppendSeries(series, now, appender);
        ++at;
        continue;
      }
      AppendStale(series, now, appender);
      series_count_ -= series.cells.size();
      stats_.expired_series.Add(series.cells.size());
      at = family->series.erase(at);
      expired = true;
    }
  }
  last_flush_ = now;
  if (!expired) return;
  ForgetFamilies();
  ForgetKeys();
  stats_.series.Set(series_count_);
  stats_.names.Set(families_.size());
}

void Aggregator::AppendSeries(Series& series, TimestampMs now, Appender& appender) {
  const Kind kind = series.family->kind;
  const bool starts_at_zero = kind == Kind::kCounter || kind == Kind::kHistogram;
  if (series.is_new && starts_at_zero && last_flush_ > 0 && last_flush_ < now)
    AppendCells(series, last_flush_, appender, true);
  if (kind == Kind::kSet) series.value = static_cast<double>(series.distinct.size());
  AppendCells(series, now, appender, false);
  // Frees the memory of a burst, too; clear() alone would keep the buckets.
  if (kind == Kind::kSet) series.distinct = {};
  series.touched = false;
  series.is_new = false;
}

void Aggregator::AppendCells(Series& series, TimestampMs at, Appender& appender, bool zero) {
  const auto append = [&](Cell& cell, double value) {
    if (const auto ref = appender.Append(cell.ref, cell.labels, at, zero ? 0 : value)) {
      cell.ref = *ref;
    } else if (!zero) {
      stats_.append_errors.Add();
    }
  };
  if (series.family->kind != Kind::kHistogram) {
    append(series.cells.front(), series.value);
    return;
  }
  double cumulative = 0;
  for (std::size_t i = 0; i < series.counts.size(); ++i) append(series.cells[i], cumulative += series.counts[i]);
  append(series.cells[series.counts.size()], series.value);
  append(series.cells[series.counts.size() + 1], cumulative);
}

void Aggregator::AppendStale(Series& series, TimestampMs now, Appender& appender) {
  for (Cell& cell : series.cells) {
    if (!appender.Append(cell.ref, cell.labels, now, StaleMarker())) stats_.append_errors.Add();
  }
}

void Aggregator::ForgetFamilies() {
  std::erase_if(families_, [&](const auto& entry) {
    const Family& family = *entry.second;
    if (!family.series.empty()) return false;
    for (const std::string_view suffix : SampleSuffixes(family.kind))
      sample_names_.erase(family.name + std::string(suffix));
    return true;
  });
}

// Room was made: keys of series that ended, and of lines that found no room, must be looked at again.
void Aggregator::ForgetKeys() {
  targets_.clear();
  targets_bytes_ = 0;
}

}  // namespace tickbird::statsd
