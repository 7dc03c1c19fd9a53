#include "core/tsdb/head/open_histograms.h"

#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

namespace tickbird::tsdb {
namespace {

/// The buckets that are not empty, with their indexes.
std::vector<std::pair<std::int64_t, double>> Filled(const std::vector<HistogramSpan>& spans,
                                                    const std::vector<double>& counts) {
  std::vector<std::pair<std::int64_t, double>> filled;
  std::int64_t index = 0;
  std::size_t at = 0;
  for (const HistogramSpan& span : spans) {
    index += span.offset;
    for (std::uint32_t i = 0; i < span.length && at < counts.size(); ++i, ++at, ++index) {
      if (counts[at] != 0) filled.emplace_back(index, counts[at]);
    }
  }
  return filled;
}

bool IsSameNumber(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

}  // namespace

bool IsSameHistogram(const FloatHistogram& a, const FloatHistogram& b) {
  if (a.IsStale() || b.IsStale()) return a.IsStale() && b.IsStale();
  return a.layout.schema == b.layout.schema && a.layout.custom_values == b.layout.custom_values &&
         IsSameNumber(a.layout.zero_threshold, b.layout.zero_threshold) && IsSameNumber(a.zero_count, b.zero_count) &&
         IsSameNumber(a.count, b.count) && IsSameNumber(a.sum, b.sum) &&
         Filled(a.layout.positive_spans, a.positive_buckets) == Filled(b.layout.positive_spans, b.positive_buckets) &&
         Filled(a.layout.negative_spans, a.negative_buckets) == Filled(b.layout.negative_spans, b.negative_buckets);
}

std::size_t OpenHistograms::count() const {
  return std::visit([](const auto& appender) -> std::size_t { return appender.count(); }, appender_);
}

bool OpenHistograms::full() const {
  return std::visit([](const auto& appender) { return appender.full(); }, appender_);
}

TimestampMs OpenHistograms::oldest_time() const {
  return std::visit([](const auto& appender) { return appender.oldest_time(); }, appender_);
}

TimestampMs OpenHistograms::newest_time() const {
  return std::visit([](const auto& appender) { return appender.newest_time(); }, appender_);
}

ChunkRef OpenHistograms::Snapshot() const {
  return std::visit([](const auto& appender) { return appender.Snapshot(); }, appender_);
}

template <class Appender, class AnyHistogram>
bool OpenHistograms::AppendTo(TimestampMs timestamp, const AnyHistogram& histogram) {
  if (!std::holds_alternative<Appender>(appender_)) {
    if (!empty()) return false;
    appender_.emplace<Appender>();
  }
  return std::get<Appender>(appender_).Append(timestamp, histogram);
}

bool OpenHistograms::Append(TimestampMs timestamp, const Histogram& histogram) {
  return AppendTo<HistogramAppender>(timestamp, histogram);
}

bool OpenHistograms::Append(TimestampMs timestamp, const FloatHistogram& histogram) {
  return AppendTo<FloatHistogramAppender>(timestamp, histogram);
}

void OpenHistograms::Clear() {
  std::visit([](auto& appender) { appender.Clear(); }, appender_);
}

void OpenHistograms::Reset() {
  std::visit([](auto& appender) { appender.Reset(); }, appender_);
}

bool OpenHistograms::EndsWith(TimestampMs timestamp, const Histogram& histogram) const {
  const auto* const appender = std::get_if<HistogramAppender>(&appender_);
  return appender && appender->newest_time() == timestamp &&
         IsSameHistogram(appender->newest().ToFloat(), histogram.ToFloat());
}

bool OpenHistograms::EndsWith(TimestampMs timestamp, const FloatHistogram& histogram) const {
  const auto* const appender = std::get_if<FloatHistogramAppender>(&appender_);
  return appender && appender->newest_time() == timestamp && IsSameHistogram(appender->newest(), histogram);
}

std::size_t OpenHistograms::ByteSize() const {
  // The appender's own size is ours.
  return sizeof(*this) +
         std::visit([](const auto& appender) { return appender.ByteSize() - sizeof appender; }, appender_);
}

}  // namespace tickbird::tsdb
