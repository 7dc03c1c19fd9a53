// Any bytes as a segment, as a compressed record and as a record: nothing is read past its end, and what was framed
// comes back.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/tsdb/wal/record.h"
#include "core/tsdb/wal/segment.h"
#include "core/tsdb/wal/zstd_decoder.h"

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

void ReadZstd(std::string_view bytes) {
  constexpr std::size_t kMaxBytes = 1 << 20;
  tsdb::ZstdDecoder decoder;
  std::string out;
  if (decoder.Decode(bytes, kMaxBytes, &out) && out.size() > kMaxBytes) std::abort();
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
  // Past the checksum, which random bytes do not get right.
  ReadZstd(bytes);
  tsdb::DecodedRecord record;
  [[maybe_unused]] const Status decoded = tsdb::DecodeRecord(bytes, &record);
  FrameAndReadBack(bytes);
  return 0;
}
