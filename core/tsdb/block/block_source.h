#pragma once

#include <memory>

#include "core/tsdb/block/block_files.h"
#include "core/tsdb/block/tombstones.h"
#include "core/tsdb/chunk/chunk_series.h"

namespace tickbird::tsdb {

/// All series of a block, for merging it into another: see Block::AllSeries.
std::unique_ptr<ChunkSeriesSource> NewBlockSource(std::shared_ptr<const BlockFiles> files,
                                                  std::shared_ptr<const Tombstones> tombstones);

}  // namespace tickbird::tsdb
