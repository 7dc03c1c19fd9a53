#include "core/tsdb/chunk/chunk_reader.h"

namespace tickbird::tsdb {

ChunkReader::ChunkReader(ChunkEncoding encoding, std::string_view chunk) : encoding_(encoding) {
  if (encoding == ChunkEncoding::kXor) xor_ = XorReader(chunk);
}

std::size_t ChunkReader::Read(std::span<TimestampMs> timestamps, std::span<double> values) {
  return encoding_ == ChunkEncoding::kXor ? xor_.Read(timestamps, values) : 0;
}

bool ChunkReader::ReadHistogram([[maybe_unused]] TimestampMs* timestamp, [[maybe_unused]] FloatHistogram* histogram) {
  return false;
}

bool ChunkReader::ReadHistogram([[maybe_unused]] TimestampMs* timestamp, [[maybe_unused]] Histogram* histogram) {
  return false;
}

bool ChunkReader::damaged() const {
  return encoding_ != ChunkEncoding::kXor || xor_.damaged();
}

}  // namespace tickbird::tsdb
