#pragma once

#include <functional>
#include <memory>

#include "core/tsdb/block/block_writer.h"
#include "core/tsdb/chunk/chunk_series.h"

namespace tickbird::tsdb {

/// For a block of something that goes on changing: the first opening is as `open` gives it, and every later one leaves
/// out the series that the first did not have, as WriteBlock wants it.
OpenSources SteadySources(std::function<std::unique_ptr<ChunkSeriesSource>()> open);

}  // namespace tickbird::tsdb
