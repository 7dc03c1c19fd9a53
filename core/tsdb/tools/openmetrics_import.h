#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/fs.h"
#include "core/base/result.h"
#include "core/tsdb/tools/sample_collector.h"

namespace tickbird::tsdb {

struct OpenMetricsImport {
  std::int64_t samples = 0;
  std::int64_t skipped_lines = 0;     ///< With `go_on`: wrong, or not to be imported.
  std::vector<std::string> problems;  ///< "line 12: ..." of the first kMaxProblems of these.
  static constexpr std::size_t kMaxProblems = 20;
};

/// Reads OpenMetrics text in which each sample has its timestamp, in any order, and hands the samples on. kParse with
/// the line of the first thing that is wrong: bad text, a sample without a timestamp, no "# EOF" at the end.
/// kOutOfBounds with the line: see SampleCollector::Add. With `go_on` such lines are skipped instead. Exemplars and
/// metadata have no place in blocks and are passed over. The file may be of any size; a piece of it is in memory.
Result<OpenMetricsImport> ImportOpenMetrics(const RandomAccessFile& file, bool go_on, SampleCollector* collector);

}  // namespace tickbird::tsdb
