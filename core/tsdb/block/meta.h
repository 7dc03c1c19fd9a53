#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/model/sample.h"
#include "core/tsdb/block/ulid.h"

namespace tickbird::tsdb {

struct BlockStats {
  std::int64_t samples = 0;
  std::int64_t float_samples = 0;
  std::int64_t histogram_samples = 0;
  std::int64_t series = 0;
  std::int64_t chunks = 0;
  std::int64_t tombstones = 0;
};

/// A block that was merged into this one.
struct BlockParent {
  std::string ulid;
  TimestampMs min_time = 0;
  TimestampMs max_time = 0;
};

/// meta.json of a block, version 1. Source: prometheus/prometheus tsdb/block.go (BlockMeta).
struct BlockMeta {
  std::string ulid;
  TimestampMs min_time = 0;  ///< Inclusive.
  TimestampMs max_time = 0;  ///< Exclusive.
  BlockStats stats;
  int level = 1;                     ///< Of compaction: 1 comes from the head.
  std::vector<std::string> sources;  ///< ULIDs of the level-1 blocks that it is made of.
  std::vector<BlockParent> parents;  ///< The blocks that it replaces.
  std::vector<std::string> hints;    ///< "from-out-of-order" and others; kept.
  bool deletable = false;            ///< Empty after compaction.
  bool failed = false;               ///< Compaction of it failed; it is left out of plans.
};

/// The text, with a checksum of our own in it (field "tickbird", which Prometheus skips): a flipped digit in a time
/// range would hide samples.
std::string FormatBlockMeta(const BlockMeta& meta);
/// kCorruption: no JSON, a field of the wrong type, times out of order, a checksum that does not match (text without
/// one is taken as it is). kUnsupported: another version.
Result<BlockMeta> ParseBlockMeta(std::string_view text);

}  // namespace tickbird::tsdb
