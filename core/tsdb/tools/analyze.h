#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/tsdb/block/block.h"

namespace tickbird::tsdb {

/// What a block's series are made of, and what they cost. Each list is sorted by falling number and holds at most as
/// many entries as asked for.
struct BlockAnalysis {
  using Ranking = std::vector<std::pair<std::string, double>>;

  std::string ulid;
  DurationMs duration = 0;
  std::int64_t series = 0;
  std::int64_t samples = 0;
  std::int64_t chunks = 0;
  std::int64_t chunk_bytes = 0;
  std::int64_t block_bytes = 0;
  std::int64_t label_names = 0;
  std::int64_t label_pairs = 0;         ///< Different ones.
  std::int64_t label_pair_entries = 0;  ///< Of all series together.
  Ranking churning_pairs;               ///< Series that were not there, in block durations.
  Ranking churning_names;
  Ranking common_pairs;              ///< Series with the pair.
  Ranking value_bytes;               ///< Label names by the bytes of their values together.
  Ranking value_counts;              ///< Label names by how many values they have.
  Ranking metrics;                   ///< Metric names by series.
  std::vector<std::string> damages;  ///< Series that could not be read.
};

/// Reads the whole block. Memory: an entry for every different label pair. kUnsupported, kUnavailable: the block cannot
/// be read on.
Result<BlockAnalysis> AnalyzeBlock(const Block& block, std::size_t limit);

/// As `promtool tsdb analyze` prints it, with the cost of a sample.
std::string FormatAnalysis(const BlockAnalysis& analysis);
std::string AnalysisJson(const BlockAnalysis& analysis);

}  // namespace tickbird::tsdb
