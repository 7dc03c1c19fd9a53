// Any bytes as an index: with the checksums as they are, and with those of the tables put right, which random bytes do
// not get. Everything that can be asked of it is asked.
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/crc32c.h"
#include "core/tsdb/block/index_reader.h"
#include "core/tsdb/block/series_selector.h"
#include "core/tsdb/chunk/bytes.h"

namespace {

using namespace tickbird;
using namespace tickbird::tsdb;

class Bytes final : public RandomAccessFile {
 public:
  explicit Bytes(std::string bytes) : bytes_(std::move(bytes)) {}
  std::int64_t size() const override { return static_cast<std::int64_t>(bytes_.size()); }
  Status ReadAt(std::int64_t offset, std::span<char> out) const override {
    if (offset < 0 || offset > size() || out.size() > bytes_.size() - static_cast<std::size_t>(offset)) {
      return Error{ErrorCode::kOutOfBounds, "the file ends before"};
    }
    std::memcpy(out.data(), bytes_.data() + offset, out.size());
    return {};
  }

 private:
  std::string bytes_;
};

void Ask(std::string bytes) {
  const auto index = IndexReader::Open(std::make_unique<Bytes>(std::move(bytes)));
  if (!index) return;
  const auto damaged = [] {};
  for (const std::string& name : (*index)->table().Names()) {
    [[maybe_unused]] const auto visited =
        (*index)->table().Visit(name, [](std::string_view /*value*/, std::uint64_t /*offset*/) {});
    [[maybe_unused]] const auto regex =
        SelectSeries(**index, std::vector{*Matcher::Create(Matcher::Type::kRegex, name, "a.*")}, damaged);
    [[maybe_unused]] const auto none = SelectSeries(
        **index, std::vector{*Matcher::Create(Matcher::Type::kNotEqual, name, "a"), Matcher::Equal("b", "c")}, damaged);
  }
  const auto ids = (*index)->AllSeries(damaged);
  if (!ids) return;
  IndexReader::SeriesReader reader(**index);
  Labels labels;
  std::vector<ChunkMeta> chunks;
  for (const std::uint32_t id : *ids) [[maybe_unused]]
    const Status read = reader.Read(id, &labels, &chunks);
}

/// The checksum behind what a 32-bit length in front of it says.
void MendSection(std::string* bytes, std::uint64_t offset) {
  if (offset > bytes->size() || bytes->size() - offset < 8) return;
  const std::uint64_t length = LoadBe32(bytes->data() + offset);
  if (length > bytes->size() - offset - 8) return;
  std::string checksum;
  PutBe32(checksum, Crc32c(std::string_view(*bytes).substr(offset + 4, length)));
  bytes->replace(offset + 4 + length, kCrcBytes, checksum);
}

/// The checksum of a series, if there may be one.
void MendSeries(std::string* bytes, std::uint64_t offset) {
  ByteReader reader(std::string_view(*bytes).substr(offset));
  const std::uint64_t length = reader.Uvarint();
  if (!reader.ok() || reader.left() < kCrcBytes || length > reader.left() - kCrcBytes) return;
  const std::size_t start = bytes->size() - reader.left();
  std::string checksum;
  PutBe32(checksum, Crc32c(std::string_view(*bytes).substr(start, length)));
  bytes->replace(start + length, kCrcBytes, checksum);
}

std::string Mend(std::string bytes) {
  if (bytes.size() < kIndexHeaderBytes + IndexToc::kBytes) return bytes;
  std::string header;
  PutBe32(header, kIndexMagic);
  header += static_cast<char>(kIndexVersion);
  bytes.replace(0, header.size(), header);
  const std::uint64_t toc = bytes.size() - IndexToc::kBytes;
  ByteReader reader(std::string_view(bytes).substr(toc));
  std::uint64_t offsets[6];
  for (std::uint64_t& offset : offsets) offset = reader.Be64();
  for (std::uint64_t at = 0; at < toc; at += kSeriesAlignment) MendSeries(&bytes, at);
  for (std::uint64_t at = 0; at < toc; at += 4) {
    if (at >= offsets[4] && at < offsets[5]) MendSection(&bytes, at);
  }
  MendSection(&bytes, offsets[0]);
  MendSection(&bytes, offsets[5]);
  std::string checksum;
  PutBe32(checksum, Crc32c(std::string_view(bytes).substr(toc, IndexToc::kBytes - kCrcBytes)));
  bytes.replace(bytes.size() - kCrcBytes, kCrcBytes, checksum);
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  Ask(bytes);
  Ask(Mend(bytes));
  return 0;
}
