#include "core/tsdb/chunk/chunk_builder.h"

#include <utility>

namespace tickbird::tsdb {

void ChunkBuilder::CloseFloats() {
  if (floats_.empty()) return;
  finished_.push_back(floats_.Snapshot());
  floats_.Clear();
}

void ChunkBuilder::Append(TimestampMs timestamp, double value) {
  if (floats_.count() >= kTargetSamples || floats_.full()) CloseFloats();
  floats_.Append(timestamp, value);
}

void ChunkBuilder::Append([[maybe_unused]] TimestampMs timestamp, [[maybe_unused]] const Histogram& histogram) {}
void ChunkBuilder::Append([[maybe_unused]] TimestampMs timestamp, [[maybe_unused]] const FloatHistogram& histogram) {}

std::vector<ChunkRef> ChunkBuilder::Finish() {
  CloseFloats();
  return std::exchange(finished_, {});
}

}  // namespace tickbird::tsdb
