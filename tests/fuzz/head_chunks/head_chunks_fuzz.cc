// Any bytes as a record of chunks_head: nothing is read past its end, and what was written comes back.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/tsdb/chunk/chunk_reader.h"
#include "core/tsdb/head/head_chunk_record.h"

namespace {

using namespace tickbird;

void Parse(std::string_view bytes) {
  tsdb::HeadChunkRecord record;
  std::size_t size = 0;
  const tsdb::HeadChunkParse outcome = tsdb::ParseHeadChunk(bytes, &record, &size);
  if (outcome == tsdb::HeadChunkParse::kRecord && (size > bytes.size() || record.data.size() > size)) std::abort();
  if (outcome == tsdb::HeadChunkParse::kIncomplete && size <= bytes.size()) std::abort();
}

void WriteAndParse(std::string_view data) {
  const tsdb::ChunkRef chunk(tsdb::ChunkEncoding::kXor, data, {}, -1, static_cast<TimestampMs>(data.size()));
  std::string written;
  tsdb::AppendHeadChunk(&written, 7, chunk);
  Parse(written);
  tsdb::HeadChunkRecord record;
  std::size_t size = 0;
  if (tsdb::ParseHeadChunk(written, &record, &size) != tsdb::HeadChunkParse::kRecord || size != written.size() ||
      record.data != data || record.series != 7 || record.min_time != -1)
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (size >= tsdb::kHeadChunkFileHeaderBytes) {
    [[maybe_unused]] const auto kind = tsdb::KindOfHeadChunkFile(bytes);
  }
  Parse(bytes);
  WriteAndParse(bytes);
  return 0;
}
