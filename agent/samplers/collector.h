#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "agent/samplers/batch.h"
#include "agent/samplers/options.h"
#include "agent/samplers/series_table.h"
#include "core/base/result.h"

namespace tickbird::samplers {

class ProcStatFile;

/// What a collector is made from. The options outlive the collectors.
struct CollectorContext {
  const SamplerOptions& options;
  Labels identity;                          ///< instance and job of this host's series
  std::shared_ptr<ProcStatFile> proc_stat;  ///< read once for cpu and stat
};

/// One source of series: reads, parses, appends. Knows nothing of the others. Not thread safe.
class Collector {
 public:
  Collector(const CollectorContext& context, std::size_t max_rows) : table_(context.identity, max_rows) {}
  virtual ~Collector() = default;
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  /// Collects; then series that were there before and got no value, because their device is gone or because collecting
  /// failed, end with a stale marker.
  Status Run(Batch& batch) {
    Status status = Collect(batch);
    table_.EndRound(batch);
    return status;
  }

  /// Things that were not recorded because of a limit.
  virtual std::uint64_t dropped() const { return table_.dropped(); }

 protected:
  /// Parses the whole source before it appends, so a source that cannot be read leaves nothing half said.
  virtual Status Collect(Batch& batch) = 0;

  SeriesTable table_;
};

}  // namespace tickbird::samplers
