#include "core/tsdb/store/retention.h"

#include <algorithm>
#include <numeric>

namespace tickbird::tsdb {

ExpiredBlocks FindExpiredBlocks(const std::vector<BlockExtent>& blocks, const RetentionLimits& limits, TimestampMs now,
                                std::int64_t other_bytes) {
  std::vector<std::size_t> oldest_first(blocks.size());
  std::iota(oldest_first.begin(), oldest_first.end(), std::size_t{0});
  std::sort(oldest_first.begin(), oldest_first.end(), [&](std::size_t a, std::size_t b) {
    return blocks[a].max_time != blocks[b].max_time ? blocks[a].max_time < blocks[b].max_time : a < b;
  });
  ExpiredBlocks expired;
  std::int64_t kept_bytes = other_bytes;
  auto next = oldest_first.begin();
  for (; next != oldest_first.end(); ++next) {
    if (limits.time <= 0 || blocks[*next].max_time > now - limits.time) break;
    expired.by_time.push_back(*next);
  }
  for (auto kept = next; kept != oldest_first.end(); ++kept) kept_bytes += blocks[*kept].bytes;
  if (limits.bytes <= 0) return expired;
  for (; next != oldest_first.end() && kept_bytes > limits.bytes; ++next) {
    kept_bytes -= blocks[*next].bytes;
    expired.by_size.push_back(*next);
  }
  return expired;
}

}  // namespace tickbird::tsdb
