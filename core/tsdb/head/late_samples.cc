#include "core/tsdb/head/late_samples.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "core/tsdb/chunk/xor_chunk.h"

namespace tickbird::tsdb {
namespace {

// Decoding a chunk for every sample that goes into it may not become dear.
constexpr std::size_t kMostSamples = 480;

}  // namespace

void SortLate(std::vector<LateSample>* late) {
  std::sort(late->begin(), late->end(), [](const LateSample& a, const LateSample& b) {
    return std::tie(a.slot, a.sample.timestamp, a.order) < std::tie(b.slot, b.sample.timestamp, b.order);
  });
}

std::vector<Sample> TakeFirstSeries(std::span<const LateSample>* late) {
  std::vector<Sample> samples;
  const Slot slot = late->front().slot;
  while (!late->empty() && late->front().slot == slot) {
    samples.push_back(late->front().sample);
    *late = late->subspan(1);
  }
  return samples;
}

std::vector<Sample> DecodeFloats(const ChunkRef& chunk) {
  std::vector<Sample> samples;
  if (chunk.encoding() != ChunkEncoding::kXor) return samples;
  samples.reserve(chunk.sample_count() + 1);
  XorReader reader(chunk.bytes());
  std::array<TimestampMs, 64> timestamps;
  std::array<double, 64> values;
  while (const std::size_t got = reader.Read(timestamps, values)) {
    for (std::size_t i = 0; i < got; ++i) samples.push_back({timestamps[i], values[i]});
  }
  if (reader.damaged()) samples.clear();
  return samples;
}

MergedSamples MergeLate(std::span<const Sample> held, std::span<const Sample> late) {
  MergedSamples merged;
  merged.all.reserve(held.size() + late.size());
  for (const Sample& sample : late) {
    while (!held.empty() && held.front().timestamp <= sample.timestamp) {
      merged.all.push_back(held.front());
      held = held.subspan(1);
    }
    if (merged.all.empty() || merged.all.back().timestamp < sample.timestamp) {
      merged.all.push_back(sample);
      merged.added.push_back(sample);
    } else if (merged.all.back() != sample) {
      ++merged.duplicates;
    }
  }
  merged.all.insert(merged.all.end(), held.begin(), held.end());
  return merged;
}

std::vector<ChunkRef> EncodeFloats(std::span<const Sample> samples) {
  std::vector<ChunkRef> chunks;
  if (samples.empty()) return chunks;
  XorAppender appender;
  std::size_t done = 0;
  if (samples.size() <= kMostSamples) {
    while (done < samples.size() && !appender.full()) {
      appender.Append(samples[done].timestamp, samples[done].value);
      ++done;
    }
  }
  if (done == samples.size()) {
    chunks.push_back(appender.Snapshot());
    return chunks;
  }
  chunks = EncodeFloats(samples.first(samples.size() / 2));
  for (ChunkRef& chunk : EncodeFloats(samples.subspan(samples.size() / 2))) chunks.push_back(std::move(chunk));
  return chunks;
}

}  // namespace tickbird::tsdb
