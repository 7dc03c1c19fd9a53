#pragma once

#include <memory>
#include <vector>

#include "core/base/clock.h"
#include "core/model/queryable.h"

namespace tickbird::tsdb {

/// The samples of one series in one place (a block, the head). Those outside of [min, max] do not count.
struct CursorPart {
  std::unique_ptr<SeriesCursor> cursor;
  TimestampMs min = 0;
  TimestampMs max = 0;
};

/// All samples of the parts in time order, each time once: of equal times the one from the later part. Parts whose
/// ranges lie apart are read one after the other, without a copy. status() is the first bad one of any part read so
/// far.
std::unique_ptr<SeriesCursor> NewMergeCursor(std::vector<CursorPart> parts);

/// The newest sample of the parts, whose cursors give one each (see Selection::newest_only); of equal times the one
/// from the later part. Parts that cannot have it are not read.
std::unique_ptr<SeriesCursor> NewNewestOfCursor(std::vector<CursorPart> parts);

}  // namespace tickbird::tsdb
