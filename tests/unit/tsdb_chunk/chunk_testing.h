#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "core/model/queryable.h"
#include "core/tsdb/chunk/chunk_builder.h"
#include "core/tsdb/chunk/chunk_reader.h"

namespace tickbird::tsdb {

/// The chunks of floats with the value `value` + t at these times.
inline std::vector<ChunkRef> FloatChunks(const std::vector<TimestampMs>& times, double value = 0) {
  ChunkBuilder builder;
  for (const TimestampMs time : times) builder.Append(time, value + static_cast<double>(time));
  return builder.Finish();
}

inline ChunkRef FloatChunk(const std::vector<TimestampMs>& times, double value = 0) {
  return FloatChunks(times, value).at(0);
}

/// The same chunk with its bytes cut short, as a disk may give it back.
inline ChunkRef CutShort(const ChunkRef& chunk, std::size_t bytes) {
  return ChunkRef(chunk.encoding(), chunk.bytes().substr(0, bytes), {}, chunk.min_time(), chunk.max_time());
}

inline std::vector<Sample> FloatsOf(SeriesCursor& cursor, std::size_t at_once = 50) {
  std::vector<TimestampMs> times(at_once);
  std::vector<double> values(at_once);
  std::vector<Sample> samples;
  while (const std::size_t got = ReadFloats(cursor, times, values)) {
    for (std::size_t i = 0; i < got; ++i) samples.push_back({times[i], values[i]});
  }
  return samples;
}

inline std::vector<Sample> FloatsOf(const std::vector<ChunkRef>& chunks) {
  std::vector<Sample> samples;
  std::array<TimestampMs, 64> times;
  std::array<double, 64> values;
  for (const ChunkRef& chunk : chunks) {
    ChunkReader reader(chunk);
    while (const std::size_t got = reader.Read(times, values)) {
      for (std::size_t i = 0; i < got; ++i) samples.push_back({times[i], values[i]});
    }
  }
  return samples;
}

inline std::vector<TimestampMs> TimesOf(const std::vector<Sample>& samples) {
  std::vector<TimestampMs> times;
  for (const Sample& sample : samples) times.push_back(sample.timestamp);
  return times;
}

}  // namespace tickbird::tsdb
