#include "core/tsdb/block/index_format.h"

#include "core/base/crc32c.h"
#include "core/tsdb/chunk/bytes.h"

namespace tickbird::tsdb {

void IndexToc::AppendTo(std::string* out) const {
  const std::size_t start = out->size();
  for (const std::uint64_t offset : {symbols, series, label_indices, label_indices_table, postings, postings_table}) {
    PutBe64(*out, offset);
  }
  PutBe32(*out, Crc32c(std::string_view(*out).substr(start)));
}

Result<IndexToc> IndexToc::Parse(std::string_view bytes, std::uint64_t file_size) {
  if (bytes.size() != kBytes) return Error{ErrorCode::kCorruption, "the table of contents is cut off"};
  if (Crc32c(bytes.substr(0, kBytes - kCrcBytes)) != LoadBe32(bytes.data() + kBytes - kCrcBytes)) {
    return Error{ErrorCode::kCorruption, "the checksum of the table of contents does not match"};
  }
  ByteReader reader(bytes);
  IndexToc toc;
  for (std::uint64_t* offset :
       {&toc.symbols, &toc.series, &toc.label_indices, &toc.label_indices_table, &toc.postings, &toc.postings_table}) {
    *offset = reader.Be64();
  }
  const std::uint64_t end = file_size - kBytes;
  if (toc.symbols < kIndexHeaderBytes || toc.symbols > toc.series || toc.series > toc.postings ||
      toc.postings > toc.postings_table || toc.postings_table > end) {
    return Error{ErrorCode::kCorruption, "the sections are not in order"};
  }
  return toc;
}

}  // namespace tickbird::tsdb
