#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/result.h"
#include "core/model/labels.h"
#include "core/model/sample.h"
#include "core/tsdb/chunk/chunk_builder.h"
#include "core/tsdb/tools/import_stage.h"

namespace tickbird::tsdb {

struct CollectorOptions {
  /// Blocks end at multiples of this.
  DurationMs block_range = 2 * kHourMs;
  /// Of samples that are not in a block yet; above it they are written, and what belongs together is merged at the end.
  std::int64_t max_memory_bytes = std::int64_t{256} << 20;
};

/// Takes samples in any order and makes blocks of them. Not thread safe.
class SampleCollector {
 public:
  /// `stage` must outlive it.
  explicit SampleCollector(ImportStage* stage, CollectorOptions options = {}) : stage_(*stage), options_(options) {}

  /// Of equal times the later one counts. kOutOfBounds: the sample belongs to the head (see ImportStage::limit); others
  /// when a block cannot be written.
  Status Add(const Labels& labels, TimestampMs timestamp, double value);
  /// Writes what is left. The blocks are then staged.
  Status Finish();

  std::int64_t samples() const { return samples_; }

 private:
  struct Series {
    ChunkBuilder builder;
    TimestampMs newest = kNoTime;
    std::vector<Sample> late;  // not newer than what the builder has
  };
  using Window = std::unordered_map<Labels, Series>;

  Status Flush();
  Status WriteWindow(TimestampMs begin, Window* window);
  Status MergeParts(TimestampMs begin, const std::vector<std::string>& parts);
  BlockMeta MetaOf(TimestampMs begin) const;

  ImportStage& stage_;
  CollectorOptions options_;
  std::map<TimestampMs, Window> windows_;                    // by begin
  std::map<TimestampMs, std::vector<std::string>> written_;  // ULIDs of staged blocks
  std::int64_t memory_bytes_ = 0;
  std::int64_t samples_ = 0;
};

}  // namespace tickbird::tsdb
