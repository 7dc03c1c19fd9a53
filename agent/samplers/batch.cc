#include "agent/samplers/batch.h"

namespace tickbird::samplers {

void Batch::Append(Series& series, double value) {
  const Result<SeriesRef> ref = appender_.Append(series.ref, series.labels, now_, value);
  if (!ref) {
    ++state_.refused;
    return;
  }
  series.ref = *ref;
  series.round = state_.round;
  ++state_.appended;
}

void Batch::EndIfNotAppended(Series& series) {
  if (series.round == 0 || series.round == state_.round) return;
  Append(series, StaleMarker());
  series.round = 0;
}

void Batch::Describe(std::string_view family, MetricType type, std::string_view help) {
  if (state_.described.contains(family)) return;
  state_.described.emplace(family);
  appender_.SetMetadata(family, {.type = type, .help = std::string(help), .unit = {}});
}

}  // namespace tickbird::samplers
