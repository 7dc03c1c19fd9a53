#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/model/matcher.h"
#include "core/model/queryable.h"
#include "core/tsdb/tools/text_sink.h"

namespace tickbird::tsdb {

struct DumpStats {
  std::int64_t series = 0;
  std::int64_t samples = 0;
  std::int64_t histograms = 0;
  std::int64_t skipped = 0;          ///< Samples that the format has no way to say.
  std::vector<std::string> damages;  ///< What could not be read, one sentence for each series.
};

/// All samples of the selection as `promtool tsdb dump` prints them: `{__name__="up", job="x"} 1 1700000000000`, series
/// after series in the order of their labels, stale markers as NaN, native histograms as `{count:3, sum:9, (1,2]:3}`.
/// Fails as `data.Select` does, or as `sink` does.
Result<DumpStats> DumpSamples(const Queryable& data, const Selection& selection, const TextSink& sink);

/// As Go's %g writes it: the shortest digits, with an exponent below 1e-4 and from 1e+06 on; "NaN", "+Inf".
void AppendGoNumber(std::string& out, double value);
/// `{count:3, sum:9, [-2,-1):1, [-0.001,0.001]:1, (1,2]:1}`; empty buckets are left out.
void AppendHistogram(std::string& out, const FloatHistogram& histogram);

}  // namespace tickbird::tsdb
