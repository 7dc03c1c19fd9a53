// Any bytes as meta.json, as tombstones and as a segment of chunks: nothing is read past its end, and what was read is
// written and read again the same.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/crc32c.h"
#include "core/tsdb/block/chunk_segments.h"
#include "core/tsdb/block/meta.h"
#include "core/tsdb/block/tombstones.h"
#include "core/tsdb/chunk/bytes.h"
#include "tests/testing/mem_fs.h"

namespace {

using namespace tickbird;

void ReadMeta(std::string_view bytes) {
  const auto meta = tsdb::ParseBlockMeta(bytes);
  if (!meta) return;
  const std::string text = tsdb::FormatBlockMeta(*meta);
  const auto again = tsdb::ParseBlockMeta(text);
  if (!again || tsdb::FormatBlockMeta(*again) != text) std::abort();
}

void ReadTombstones(std::string_view bytes) {
  [[maybe_unused]] const auto raw = tsdb::ParseTombstones(bytes);
  // With the frame that random bytes do not get right.
  std::string file = tsdb::FormatTombstones({}).substr(0, 5);
  file += bytes;
  tsdb::PutBe32(file, Crc32c(bytes));
  const auto tombstones = tsdb::ParseTombstones(file);
  if (!tombstones) return;
  const auto again = tsdb::ParseTombstones(tsdb::FormatTombstones(*tombstones));
  if (!again || *again != *tombstones) std::abort();
}

void ReadChunks(std::string_view bytes) {
  testing::MemFs fs;
  if (!fs.MakeDirs("chunks")) std::abort();
  std::string file("\x85\xbd\x40\xdd\x01\0\0\0", 8);
  file += bytes;
  auto created = fs.Create("chunks/000001");
  if (!created || !(*created)->Append(file)) std::abort();
  const auto segments = tsdb::ChunkSegments::Open(fs, "chunks");
  if (!segments) std::abort();
  tsdb::ChunkRunReader reader(**segments);
  for (std::uint64_t ref = 0; ref < file.size() + 2; ++ref) {
    const tsdb::ChunkMeta chunks[] = {{0, 1, ref}, {2, 3, ref + 7}};
    [[maybe_unused]] const auto chunk = reader.Read(chunks);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ReadMeta(bytes);
  ReadTombstones(bytes);
  if (size < 2'000) ReadChunks(bytes);
  return 0;
}
