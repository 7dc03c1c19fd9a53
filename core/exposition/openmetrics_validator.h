#pragma once

#include <string_view>

#include "core/base/result.h"

namespace tickbird::exposition {

/// Checks a whole page against the OpenMetrics 1.0 specification: the grammar (Parser), and what the lines mean
/// together: metadata before samples and once, families and label sets not interleaved, names that do not clash,
/// timestamps that do not go back, counters and buckets that make sense, exemplars only where they are allowed.
///
/// A scrape does not need this: Parser alone is what Prometheus applies. It serves tests of pages, ours and other
/// people's. kParse with line and column of the first offence. Memory: one entry per family and per label set of the
/// current family.
Status ValidateOpenMetrics(std::string_view page);

}  // namespace tickbird::exposition
