// Any bytes as a chunk of every encoding: nothing is read past its end, histograms are safe to work with, and what was
// read is read again from chunks that are made of it.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "core/tsdb/chunk/chunk_builder.h"
#include "core/tsdb/chunk/chunk_merge.h"
#include "core/tsdb/chunk/chunk_reader.h"

namespace {

using namespace tickbird;
using tsdb::ChunkEncoding;
using tsdb::ChunkReader;
using tsdb::ChunkRef;

void Require(bool holds) {
  if (!holds) std::abort();
}

template <class AnyHistogram>
bool IsSafe(const AnyHistogram& histogram) {
  const FloatHistogram counts = [&] {
    if constexpr (std::is_same_v<AnyHistogram, Histogram>) return histogram.ToFloat();
    if constexpr (std::is_same_v<AnyHistogram, FloatHistogram>) return histogram;
  }();
  return histogram.layout.Validate() && CountBuckets(counts.layout.positive_spans) == counts.positive_buckets.size() &&
         CountBuckets(counts.layout.negative_spans) == counts.negative_buckets.size();
}

/// As many samples as have rising times, made into chunks.
struct Copy {
  tsdb::ChunkBuilder builder;
  TimestampMs last = 0;
  std::size_t count = 0;

  template <class Value>
  void Add(TimestampMs time, const Value& value) {
    if (count > 0 && time <= last) return;
    builder.Append(time, value);
    last = time;
    ++count;
  }
};

void ReadFloats(std::string_view bytes, Copy* copy) {
  ChunkReader reader(ChunkEncoding::kXor, bytes);
  std::array<TimestampMs, 64> timestamps;
  std::array<double, 64> values;
  while (const std::size_t got = reader.Read(timestamps, values)) {
    for (std::size_t i = 0; i < got; ++i) copy->Add(timestamps[i], values[i]);
  }
}

template <class AnyHistogram>
void ReadHistograms(ChunkEncoding encoding, std::string_view bytes, Copy* copy) {
  ChunkReader reader(encoding, bytes);
  TimestampMs time = 0;
  AnyHistogram histogram;
  while (reader.ReadHistogram(&time, &histogram)) {
    Require(IsSafe(histogram));
    copy->Add(time, histogram);
  }
}

std::size_t CountSamples(const std::vector<ChunkRef>& chunks) {
  Copy counter;
  for (const ChunkRef& chunk : chunks) {
    if (chunk.encoding() == ChunkEncoding::kXor) {
      ReadFloats(chunk.bytes(), &counter);
    } else {
      ReadHistograms<FloatHistogram>(chunk.encoding(), chunk.bytes(), &counter);
    }
  }
  return counter.count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Copy floats;
  Copy integers;
  Copy integers_as_floats;
  Copy float_histograms;
  ReadFloats(bytes, &floats);
  ReadHistograms<Histogram>(ChunkEncoding::kHistogram, bytes, &integers);
  ReadHistograms<FloatHistogram>(ChunkEncoding::kHistogram, bytes, &integers_as_floats);
  ReadHistograms<FloatHistogram>(ChunkEncoding::kFloatHistogram, bytes, &float_histograms);
  Require(integers.count == integers_as_floats.count);
  std::vector<ChunkRef> all;
  for (Copy* copy : {&floats, &integers, &integers_as_floats, &float_histograms}) {
    const std::vector<ChunkRef> chunks = copy->builder.Finish();
    Require(CountSamples(chunks) == copy->count);
    all.insert(all.end(), chunks.begin(), chunks.end());
  }
  bool damaged = false;
  const std::vector<ChunkRef> merged = tsdb::MergeChunks(all, {{-1000, 1000}}, &damaged);
  Require(!damaged);
  for (std::size_t i = 1; i < merged.size(); ++i) Require(merged[i - 1].max_time() < merged[i].min_time());
  return 0;
}
