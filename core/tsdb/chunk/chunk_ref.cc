#include "core/tsdb/chunk/chunk_ref.h"

#include <cstdlib>
#include <cstring>
#include <new>

namespace tickbird::tsdb {

ChunkRef::ChunkRef(ChunkEncoding encoding, std::string_view front, std::string_view rest, TimestampMs min_time,
                   TimestampMs max_time) {
  const std::size_t size = front.size() + rest.size();
  void* const memory = std::malloc(sizeof(Block) + size);
  if (!memory) throw std::bad_alloc();
  block_ = new (memory) Block{.references = 1,
                              .size = static_cast<std::uint32_t>(size) & 0xffffff,
                              .encoding = static_cast<std::uint8_t>(encoding),
                              .min_time = min_time,
                              .max_time = max_time};
  char* const bytes = reinterpret_cast<char*>(block_ + 1);
  std::memcpy(bytes, front.data(), front.size());
  if (!rest.empty()) std::memcpy(bytes + front.size(), rest.data(), rest.size());
}

std::size_t ChunkRef::sample_count() const {
  const std::string_view chunk = bytes();
  if (chunk.size() < 2) return 0;
  return (static_cast<std::size_t>(static_cast<unsigned char>(chunk[0])) << 8) | static_cast<unsigned char>(chunk[1]);
}

void ChunkRef::Release() noexcept {
  if (block_ && block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    block_->~Block();
    std::free(block_);
  }
}

}  // namespace tickbird::tsdb
