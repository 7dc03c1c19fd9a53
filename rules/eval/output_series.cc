#include "rules/eval/output_series.h"

#include <utility>

namespace tickbird::rules {

bool OutputSeries::Write(Appender& appender, const Labels& labels, TimestampMs at, double value) {
  const auto [item, is_new] = series_.try_emplace(labels);
  if (is_new) appender.SetMetadata(labels.MetricName(), metadata_);
  Entry& entry = item->second;
  if (std::exchange(entry.round, round_) == round_) return false;
  Append(appender, labels, entry, at, value);
  return true;
}

void OutputSeries::EndRound(Appender& appender, TimestampMs at) {
  for (auto item = series_.begin(); item != series_.end();) {
    if (item->second.round == round_) {
      ++item;
      continue;
    }
    Append(appender, item->first, item->second, at, StaleMarker());
    item = series_.erase(item);
  }
}

void OutputSeries::Append(Appender& appender, const Labels& labels, Entry& entry, TimestampMs at, double value) {
  if (auto ref = appender.Append(entry.ref, labels, at, value)) {
    entry.ref = *ref;
  } else {
    ++*refused_;
  }
}

}  // namespace tickbird::rules
