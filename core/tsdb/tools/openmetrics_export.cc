#include "core/tsdb/tools/openmetrics_export.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "core/exposition/writer.h"

namespace tickbird::tsdb {
namespace {

using MetadataMap = std::map<std::string, MetricMetadata, std::less<>>;
constexpr std::string_view kCounterSuffix = "_total";

/// What can be said of the samples called `name` without changing their names, and without a family name that another
/// metric has.
MetricMetadata DescribeSamples(const std::string& name, const MetadataMap& metadata,
                               const std::set<std::string>& names) {
  const auto found = metadata.find(name);
  if (found == metadata.end()) return {};
  MetricMetadata known = found->second;
  known.unit.clear();  // a unit must be the end of the name
  const bool is_counter = known.type == MetricType::kCounter;
  const bool has_counter_name = name.size() > kCounterSuffix.size() && name.ends_with(kCounterSuffix);
  if (is_counter && has_counter_name) {
    const std::string family = name.substr(0, name.size() - kCounterSuffix.size());
    if (!names.contains(family)) return known;
  }
  const bool has_a_counters_family = names.contains(name + std::string(kCounterSuffix));
  if (known.type != MetricType::kGauge || has_a_counters_family) known.type = MetricType::kUnknown;
  return known;
}

class Exporter {
 public:
  explicit Exporter(const TextSink& sink)
      : buffer_(sink), writer_(buffer_.text(), exposition::Format::kOpenMetrics, exposition::Escaping::kAllowUtf8) {}

  Status Family(const std::string& name, const MetricMetadata& metadata, std::vector<SelectedSeries> series) {
    std::sort(series.begin(), series.end(),
              [](const SelectedSeries& a, const SelectedSeries& b) { return a.labels < b.labels; });
    has_family_ = false;
    for (SelectedSeries& one : series) {
      ++stats_.series;
      TICKBIRD_RETURN_IF_ERROR(Series(name, metadata, one));
      one.cursor.reset();
    }
    return {};
  }

  Result<DumpStats> Finish() {
    writer_.Finish();
    TICKBIRD_RETURN_IF_ERROR(buffer_.Flush());
    return std::move(stats_);
  }

 private:
  Status Series(const std::string& name, const MetricMetadata& metadata, SelectedSeries& series) {
    std::array<TimestampMs, 256> timestamps;
    std::array<double, 256> values;
    TimestampMs time = 0;
    FloatHistogram histogram;
    while (true) {
      const std::size_t got = series.cursor->Read(timestamps, values);
      for (std::size_t i = 0; i < got; ++i) {
        if (IsStaleMarker(values[i])) {
          ++stats_.skipped;
          continue;
        }
        // A family without samples would be metadata for nothing.
        if (!has_family_) writer_.Family(name, metadata);
        has_family_ = true;
        writer_.Sample(name, series.labels, values[i], timestamps[i]);
        ++stats_.samples;
        TICKBIRD_RETURN_IF_ERROR(buffer_.FlushIfLarge());
      }
      if (got > 0) continue;
      if (!series.cursor->ReadHistogram(&time, &histogram)) break;
      ++stats_.histograms;
      ++stats_.skipped;
    }
    if (const Status read = series.cursor->status(); !read)
      stats_.damages.push_back(fmt::format("{}: {}", series.labels.ToString(), read.error().message));
    return {};
  }

  TextBuffer buffer_;
  exposition::Writer writer_;
  DumpStats stats_;
  bool has_family_ = false;
};

}  // namespace

Result<DumpStats> ExportOpenMetrics(const Queryable& data, const Selection& selection, const TextSink& sink) {
  const auto names = data.LabelValues(kMetricNameLabel, selection.matchers);
  const std::set<std::string> name_set(names.begin(), names.end());
  const MetadataMap metadata = data.Metadata();
  Exporter exporter(sink);
  for (const std::string& name : names) {
    Selection of_family = selection;
    of_family.matchers.push_back(Matcher::Equal(std::string(kMetricNameLabel), name));
    TICKBIRD_ASSIGN_OR_RETURN(auto series, data.Select(of_family));
    TICKBIRD_RETURN_IF_ERROR(exporter.Family(name, DescribeSamples(name, metadata, name_set), std::move(series)));
  }
  return exporter.Finish();
}

}  // namespace tickbird::tsdb
