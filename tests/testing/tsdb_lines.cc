#include "tests/testing/tsdb_lines.h"

#include <array>
#include <bit>
#include <cinttypes>
#include <set>
#include <utility>
#include <vector>

namespace tickbird::testing {
namespace {

std::string Hex(std::uint64_t number, int digits) {
  std::string text(static_cast<std::size_t>(digits), '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, number >>= 4U) {
    *digit = "0123456789abcdef"[number & 15U];
  }
  return text;
}

std::string Bits(double value) {
  return '"' + Hex(std::bit_cast<std::uint64_t>(value), 16) + '"';
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      quoted += "\\u" + Hex(static_cast<unsigned char>(c), 4);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string BucketsText(const std::vector<HistogramSpan>& spans, const std::vector<double>& counts) {
  std::string text = "{";
  std::int64_t index = 0;
  std::size_t next = 0;
  for (const HistogramSpan& span : spans) {
    index += span.offset;
    for (std::uint32_t i = 0; i < span.length && next < counts.size(); ++i, ++index, ++next) {
      if (counts[next] == 0) continue;
      if (text.size() > 1) text += ',';
      text += '"' + std::to_string(index) + "\":" + Bits(counts[next]);
    }
  }
  return text + '}';
}

std::string HistogramText(const FloatHistogram& histogram) {
  if (histogram.IsStale()) return R"("h":"stale")";
  const HistogramLayout& layout = histogram.layout;
  std::string text = R"("h":{"schema":)" + std::to_string(layout.schema) + R"(,"gauge":)" +
                     (histogram.hint == CounterResetHint::kGauge ? "true" : "false") + R"(,"count":)" +
                     Bits(histogram.count) + R"(,"sum":)" + Bits(histogram.sum);
  if (layout.UsesCustomBuckets()) {
    text += R"(,"bounds":[)";
    for (const double bound : layout.custom_values) {
      if (text.back() != '[') text += ',';
      text += Bits(bound);
    }
    text += ']';
  } else {
    text += R"(,"width":)" + Bits(layout.zero_threshold) + R"(,"zero":)" + Bits(histogram.zero_count);
  }
  return text + R"(,"positive":)" + BucketsText(layout.positive_spans, histogram.positive_buckets) + R"(,"negative":)" +
         BucketsText(layout.negative_spans, histogram.negative_buckets) + '}';
}

/// Reads one series; returns false when its samples are not in order.
bool ReadSeries(SeriesCursor& cursor, const std::string& text, TsdbContent* content) {
  std::array<TimestampMs, 128> timestamps{};
  std::array<double, 128> values{};
  FloatHistogram histogram;
  TimestampMs last = 0;
  bool any = false;
  const auto in_order = [&](TimestampMs t) {
    const bool later = !any || t > last;
    any = true;
    last = t;
    return later;
  };
  while (true) {
    const std::size_t count = cursor.Read(timestamps, values);
    for (std::size_t i = 0; i < count; ++i) {
      if (!in_order(timestamps[i])) return false;
      content->Add(text, timestamps[i], values[i]);
    }
    if (count > 0) continue;
    TimestampMs timestamp = 0;
    if (!cursor.ReadHistogram(&timestamp, &histogram)) return true;
    if (!in_order(timestamp)) return false;
    content->Add(text, timestamp, histogram);
  }
}

}  // namespace

std::string SeriesText(const Labels& labels) {
  std::string text = "{";
  for (const LabelView& label : labels) {
    if (text.size() > 1) text += ',';
    text += Quoted(label.name) + ':' + Quoted(label.value);
  }
  return text + '}';
}

void TsdbContent::Add(const std::string& series, TimestampMs timestamp, double value) {
  series_[series][timestamp] = "\"f\":" + Bits(value);
}

void TsdbContent::Add(const std::string& series, TimestampMs timestamp, const FloatHistogram& histogram) {
  series_[series][timestamp] = HistogramText(histogram);
}

void TsdbContent::AddExemplar(const std::string& series, const Exemplar& exemplar) {
  exemplars_.emplace(series, "\"t\":" + std::to_string(exemplar.timestamp) + ",\"e\":" + SeriesText(exemplar.labels) +
                                 ",\"v\":" + Bits(exemplar.value));
}

void TsdbContent::Remove(const std::string& series, TimestampMs min, TimestampMs max) {
  const auto found = series_.find(series);
  if (found == series_.end()) return;
  found->second.erase(found->second.lower_bound(min), found->second.upper_bound(max));
}

void TsdbContent::Merge(const TsdbContent& other) {
  for (const auto& [series, samples] : other.series_) series_[series].insert(samples.begin(), samples.end());
  for (const auto& exemplar : other.exemplars_) exemplars_.insert(exemplar);
}

bool operator==(const TsdbContent& a, const TsdbContent& b) {
  const auto without_empty = [](auto series) {
    std::erase_if(series, [](const auto& entry) { return entry.second.empty(); });
    return series;
  };
  return without_empty(a.series_) == without_empty(b.series_) && a.exemplars_ == b.exemplars_;
}

bool TsdbContent::Has(const std::string& series, TimestampMs timestamp) const {
  const auto found = series_.find(series);
  return found != series_.end() && found->second.contains(timestamp);
}

Status TsdbContent::Read(const Queryable& store, TimestampMs min, TimestampMs max) {
  auto all = Matcher::Create(Matcher::Type::kRegex, std::string(kMetricNameLabel), ".*");
  if (!all) return all.error();
  auto selected = store.Select({.matchers = {*all}, .min = min, .max = max});
  if (!selected) return selected.error();
  Status status;
  std::set<std::string> seen;
  for (SelectedSeries& series : *selected) {
    const std::string text = SeriesText(series.labels);
    if (!seen.insert(text).second) return Error{ErrorCode::kInternal, text + " comes twice"};
    if (!ReadSeries(*series.cursor, text, this)) {
      return Error{ErrorCode::kInternal, text + ": samples are not in order"};
    }
    if (Status read = series.cursor->status(); !read && status) status = std::move(read);
  }
  return status;
}

std::size_t TsdbContent::size() const {
  std::size_t size = 0;
  for (const auto& [series, samples] : series_) size += samples.size();
  return size;
}

void TsdbContent::Print(std::FILE* out) const {
  for (const auto& [series, samples] : series_) {
    for (const auto& [timestamp, text] : samples) {
      std::fprintf(out, "{\"s\":%s,\"t\":%" PRId64 ",%s}\n", series.c_str(), timestamp, text.c_str());
    }
  }
  for (const auto& [series, text] : exemplars_) std::fprintf(out, "{\"s\":%s,%s}\n", series.c_str(), text.c_str());
}

}  // namespace tickbird::testing
