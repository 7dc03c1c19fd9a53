#include "core/model/queryable.h"

namespace tickbird {

std::size_t ReadFloats(SeriesCursor& cursor, std::span<TimestampMs> timestamps, std::span<double> values) {
  TimestampMs skipped_time = 0;
  FloatHistogram skipped;
  while (true) {
    if (const std::size_t got = cursor.Read(timestamps, values)) return got;
    if (!cursor.ReadHistogram(&skipped_time, &skipped)) return 0;
  }
}

}  // namespace tickbird
