#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/fs.h"
#include "core/base/result.h"
#include "core/tsdb/block/block_writer.h"
#include "core/tsdb/rollup/rollup_file.h"

namespace tickbird::tsdb {

/// A resolution is kept for a series when its points stand for this many samples each, on average; below that the raw
/// samples are read as quickly, and roll-ups would double the block. At one sample a second a minute holds 60.
inline constexpr std::int64_t kRollupMinSamplesPerPoint = 8;

/// Makes the roll-up files of a block while it is written. Not thread safe.
class RollupRecorder {
 public:
  /// `directory` exists when the first series comes.
  RollupRecorder(Fs& fs, std::string directory) : fs_(fs), directory_(std::move(directory)) {}

  Status Observe(std::uint32_t series_id, const ChunkSeries& series);
  Status Finish();

 private:
  Status Open();

  Fs& fs_;
  std::string directory_;
  std::vector<std::unique_ptr<RollupFileWriter>> files_;  // one for each of kRollupResolutions; none before the first
};

/// Lets WriteBlock(fs, parent, meta with `ulid`, ...) keep roll-ups beside the block. Goes around what `options` has
/// already.
void KeepRollups(Fs& fs, const std::string& parent, const std::string& ulid, BlockWriteOptions* options);

}  // namespace tickbird::tsdb
