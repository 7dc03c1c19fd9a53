#include "exporters/metrics_page/metrics_page.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <compare>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "core/base/number.h"
#include "core/exposition/writer.h"
#include "exporters/metrics_page/family_finder.h"
#include "exporters/metrics_page/own_metrics.h"

namespace tickbird::exporters {
namespace {

/// One line of the page, with what decides its place in the family.
struct Row {
  Labels group;      // as shown, without name, le and quantile: what stands together
  int ending = 0;    // buckets or quantiles, then _sum, then _count
  double bound = 0;  // of a bucket or quantile
  Labels labels;     // as shown; with the name of the sample
  Labels source;     // as stored; empty for our own
  double value = 0;

  friend bool operator<(const Row& a, const Row& b) {
    if (const auto by_group = a.group <=> b.group; by_group != 0) return by_group < 0;
    if (a.ending != b.ending) return a.ending < b.ending;
    if (a.bound != b.bound) return a.bound < b.bound;
    if (const auto by_labels = a.labels <=> b.labels; by_labels != 0) return by_labels < 0;
    return a.source < b.source;
  }
};

struct PageFamily {
  MetricMetadata metadata;
  std::vector<Row> rows;
};

int EndingRank(std::string_view suffix) {
  if (suffix.ends_with("sum")) return 1;
  return suffix.ends_with("count") ? 2 : 0;
}

std::optional<double> Newest(SeriesCursor& cursor) {
  std::array<TimestampMs, 8> timestamps;
  std::array<double, 8> values;
  std::optional<double> newest;
  while (const std::size_t count = cursor.Read(timestamps, values)) newest = values[count - 1];
  if (newest && IsStaleMarker(*newest)) return std::nullopt;
  return newest;
}

class PageBuilder {
 public:
  explicit PageBuilder(const PageOptions& options) : options_(options) {}

  void AddOwn(const prometheus::MetricFamily& family);
  void AddStored(const Labels& labels, double value, const FamilyFinder& finder);
  PageCounts Write(const exposition::Negotiated& form, std::string& out);

 private:
  Labels Stripped(const Labels& labels);
  void AddRow(PageFamily& family, std::string_view suffix, std::string_view bound_label, Row row);
  bool IsOwnAgain(std::string_view family, const Labels& labels) const;

  const PageOptions& options_;
  std::map<std::string, PageFamily, std::less<>> families_;
  std::vector<std::string_view> own_families_;  // sorted; views of keys in families_
  LabelsBuilder builder_;
};

void PageBuilder::AddOwn(const prometheus::MetricFamily& family) {
  if (family.metric.empty()) return;
  const auto at = families_.try_emplace(family.name).first;
  at->second.metadata = MetadataOf(family);
  own_families_.insert(std::lower_bound(own_families_.begin(), own_families_.end(), at->first), at->first);
  ForEachSample(family, [&](const OwnSample& sample) {
    builder_.Clear();
    SetLabels(sample, builder_);
    AddRow(at->second, sample.suffix, sample.bound_label, {.labels = builder_.Build(), .value = sample.value});
  });
}

void PageBuilder::AddStored(const Labels& labels, double value, const FamilyFinder& finder) {
  const std::string_view name = labels.MetricName();
  const auto found = finder.Find(name);
  if (IsOwnAgain(found.family, labels)) return;
  auto at = families_.find(found.family);
  if (at == families_.end())
    at = families_.emplace(found.family, PageFamily{.metadata = *found.metadata, .rows = {}}).first;
  AddRow(at->second, name.substr(found.family.size()), found.bound_label,
         {.labels = Stripped(labels), .source = labels, .value = value});
}

bool PageBuilder::IsOwnAgain(std::string_view family, const Labels& labels) const {
  if (labels.Get("job") != options_.own_job || labels.Get("instance") != options_.own_instance) return false;
  return std::binary_search(own_families_.begin(), own_families_.end(), family);
}

Labels PageBuilder::Stripped(const Labels& labels) {
  const auto says_nothing = [&](const StripLabel& strip) { return labels.Get(strip.name) == strip.value; };
  if (std::none_of(options_.strip.begin(), options_.strip.end(), says_nothing)) return labels;
  builder_.Reset(labels);
  for (const StripLabel& strip : options_.strip) {
    if (says_nothing(strip)) builder_.Remove(strip.name);
  }
  return builder_.Build();
}

void PageBuilder::AddRow(PageFamily& family, std::string_view suffix, std::string_view bound_label, Row row) {
  const MetricType type = family.metadata.type;
  const bool composite =
      type == MetricType::kHistogram || type == MetricType::kSummary || type == MetricType::kGaugeHistogram;
  if (composite) {
    row.ending = EndingRank(suffix);
    builder_.Reset(row.labels);
    builder_.Remove(kMetricNameLabel);
    if (!bound_label.empty()) {
      const auto bound = ParseDouble(row.labels.Get(bound_label));
      row.bound = bound && !std::isnan(*bound) ? *bound : std::numeric_limits<double>::infinity();
      builder_.Remove(bound_label);
    }
    row.group = builder_.Build();
  } else {
    row.group = row.labels;  // all of one name, so it does not matter that it is still there
  }
  family.rows.push_back(std::move(row));
}

PageCounts PageBuilder::Write(const exposition::Negotiated& form, std::string& out) {
  PageCounts counts;
  exposition::Writer writer(out, form.format, form.escaping);
  for (auto& [name, family] : families_) {
    std::sort(family.rows.begin(), family.rows.end());
    writer.Family(name, family.metadata);
    ++counts.families;
    const Row* previous = nullptr;
    for (const Row& row : family.rows) {
      if (previous && previous->labels == row.labels) {
        ++counts.duplicates;
        continue;
      }
      writer.Sample(row.labels.MetricName(), row.labels, row.value);
      ++counts.series;
      previous = &row;
    }
  }
  writer.Finish();
  return counts;
}

}  // namespace

Result<PageCounts> WriteMetricsPage(const Queryable& stored, const std::vector<prometheus::MetricFamily>& own,
                                    TimestampMs now, const PageOptions& options, const exposition::Negotiated& form,
                                    std::string& out) {
  TICKBIRD_ASSIGN_OR_RETURN(
      auto series, stored.Select({.matchers = {}, .min = now - options.lookback + 1, .max = now, .newest_only = true}));
  const auto metadata = stored.Metadata();
  FamilyFinder finder(metadata);
  for (const SelectedSeries& one : series) finder.Learn(one.labels.MetricName(), one.labels);

  PageBuilder page(options);
  for (const auto& family : own) page.AddOwn(family);
  for (const SelectedSeries& one : series) {
    if (const auto value = Newest(*one.cursor)) page.AddStored(one.labels, *value, finder);
  }
  return page.Write(form, out);
}

}  // namespace tickbird::exporters
