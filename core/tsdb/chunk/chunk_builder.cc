#include "core/tsdb/chunk/chunk_builder.h"

#include <utility>

namespace tickbird::tsdb {

template <class Appender>
void ChunkBuilder::Close(Appender* appender) {
  if (appender->empty()) return;
  finished_.push_back(appender->Snapshot());
  appender->Clear();
}

template <class Appender>
void ChunkBuilder::CloseIfFull(Appender* appender) {
  if (appender->count() >= kTargetSamples || appender->full()) Close(appender);
}

template <class Appender, class AnyHistogram>
void ChunkBuilder::AppendHistogram(Appender* appender, TimestampMs timestamp, const AnyHistogram& histogram) {
  CloseIfFull(appender);
  if (appender->Append(timestamp, histogram)) return;
  Close(appender);
  appender->Append(timestamp, histogram);
}

void ChunkBuilder::Open(ChunkEncoding kind) {
  if (kind == open_) return;
  CloseAll();
  open_ = kind;
}

void ChunkBuilder::CloseAll() {
  Close(&floats_);
  Close(&histograms_);
  Close(&float_histograms_);
  // Across kinds, and across series, nothing is known of counter resets.
  histograms_.Reset();
  float_histograms_.Reset();
}

void ChunkBuilder::Append(TimestampMs timestamp, double value) {
  Open(ChunkEncoding::kXor);
  CloseIfFull(&floats_);
  floats_.Append(timestamp, value);
}

void ChunkBuilder::Append(TimestampMs timestamp, const Histogram& histogram) {
  Open(ChunkEncoding::kHistogram);
  AppendHistogram(&histograms_, timestamp, histogram);
}

void ChunkBuilder::Append(TimestampMs timestamp, const FloatHistogram& histogram) {
  Open(ChunkEncoding::kFloatHistogram);
  AppendHistogram(&float_histograms_, timestamp, histogram);
}

std::vector<ChunkRef> ChunkBuilder::Finish() {
  CloseAll();
  return std::exchange(finished_, {});
}

}  // namespace tickbird::tsdb
