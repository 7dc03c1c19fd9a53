// Any bytes as a segment, as a record and as a chunk: nothing is read past its end, and what was framed comes back.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/tsdb/chunk/xor_chunk.h"
#include "core/tsdb/wal/record.h"
#include "core/tsdb/wal/segment.h"

namespace {

using namespace tickbird;
using tickbird::tsdb::SegmentReader;

void ReadSegment(std::string_view bytes) {
  SegmentReader reader(bytes);
  tsdb::DecodedRecord record;
  while (reader.Next() == SegmentReader::Outcome::kRecord) {
    [[maybe_unused]] const Status decoded = tsdb::DecodeRecord(reader.record(), &record);
  }
  if (reader.good_bytes() > bytes.size()) std::abort();
}

void ReadChunk(std::string_view bytes) {
  tsdb::XorReader reader(bytes);
  std::array<TimestampMs, 64> timestamps;
  std::array<double, 64> values;
  while (reader.Read(timestamps, values) > 0) {
  }
}

void FrameAndReadBack(std::string_view record) {
  tsdb::SegmentFramer framer;
  framer.Prepare(record);
  std::string segment;
  framer.Frame(0, &segment);
  SegmentReader reader(segment);
  if (reader.Next() != SegmentReader::Outcome::kRecord || reader.record() != record) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ReadSegment(bytes);
  ReadChunk(bytes);
  // Past the checksum, which random bytes do not get right.
  tsdb::DecodedRecord record;
  [[maybe_unused]] const Status decoded = tsdb::DecodeRecord(bytes, &record);
  FrameAndReadBack(bytes);
  return 0;
}
