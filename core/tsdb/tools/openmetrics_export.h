#pragma once

#include "core/base/result.h"
#include "core/model/queryable.h"
#include "core/tsdb/tools/dump.h"
#include "core/tsdb/tools/text_sink.h"

namespace tickbird::tsdb {

/// All float samples of the selection as OpenMetrics text with timestamps and "# EOF", family after family: what
/// `tsdb import openmetrics` and `promtool tsdb create-blocks-from openmetrics` take. Names stay as they are stored.
/// Families have their help and type where `data` knows them and the text can say so without renaming a series; the
/// series of histograms and summaries stand as families of their own. Left out and counted in `skipped`: stale markers
/// and native histograms, which the format does not have.
Result<DumpStats> ExportOpenMetrics(const Queryable& data, const Selection& selection, const TextSink& sink);

}  // namespace tickbird::tsdb
