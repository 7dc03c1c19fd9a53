#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/model/sample.h"
#include "core/tsdb/chunk/chunk_ref.h"
#include "core/tsdb/head/fwd.h"

/// What becomes of a chunk when samples arrive whose time is in it: decoded, merged, encoded anew.
namespace tickbird::tsdb {

/// A sample that is older than the newest of its series, on its way there.
struct LateSample {
  Slot slot = kNoSlot;
  std::uint32_t order = 0;  ///< Of arrival.
  Sample sample;
};
/// By series and time; equal times in the order of arrival.
void SortLate(std::vector<LateSample>* late);
/// Takes the samples of the series that stands first off the front. REQUIRES: sorted, not empty.
std::vector<Sample> TakeFirstSeries(std::span<const LateSample>* late);

/// Everything in a chunk of floats. Empty when it is damaged or holds something else: it may not be replaced then.
std::vector<Sample> DecodeFloats(const ChunkRef& chunk);

struct MergedSamples {
  std::vector<Sample> all;      ///< By time.
  std::vector<Sample> added;    ///< Those that were not there.
  std::int64_t duplicates = 0;  ///< Refused: their time has another value.
};
/// Both by time, `late` perhaps with equal times, of which the first stays. What is there already is left out silently.
MergedSamples MergeLate(std::span<const Sample> held, std::span<const Sample> late);

/// Finished chunks of the samples: one if that is not too long, or halves of equal length.
std::vector<ChunkRef> EncodeFloats(std::span<const Sample> samples);

}  // namespace tickbird::tsdb
