#pragma once

#include <cstdint>
#include <vector>

#include "core/model/histogram.h"
#include "core/tsdb/chunk/bit_stream.h"

/// How the buckets of a histogram lie: as a histogram chunk has it in front of its samples, and what has to happen when
/// the next sample has other buckets. Source: prometheus/prometheus tsdb/chunkenc/{histogram_meta,histogram}.go.
namespace tickbird::tsdb {

void PutLayout(const HistogramLayout& layout, BitWriter* out);
/// False when the bytes end or hold no valid layout (HistogramLayout::Validate).
bool TakeLayout(BitReader* in, HistogramLayout* layout);

using Spans = std::vector<HistogramSpan>;

/// What one side (positive or negative) of a sample looks like beside the same side of the chunk.
struct SideChange {
  bool gains = false;   ///< It has buckets that the chunk does not know.
  bool loses = false;   ///< It lacks buckets that the chunk has.
  bool resets = false;  ///< A count fell, or a bucket that was not empty is gone; nothing else is set then.
};

/// Compares a sample (`next`) with the sample before it. Integer buckets are deltas. Gauges do not reset.
template <class Bucket>
SideChange CompareSides(const Spans& spans, const std::vector<Bucket>& buckets, const Spans& next_spans,
                        const std::vector<Bucket>& next_buckets, bool is_gauge);

/// Spans for the buckets of both.
Spans MergeSpans(const Spans& a, const Spans& b);

/// The same counts in the larger layout `to`; what is new is empty. REQUIRES: `to` has all buckets of `from`.
template <class Bucket>
std::vector<Bucket> ExpandBuckets(const Spans& from, const std::vector<Bucket>& buckets, const Spans& to);

}  // namespace tickbird::tsdb
