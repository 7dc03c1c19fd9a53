#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/base/result.h"
#include "core/model/labels.h"
#include "core/model/sample.h"

namespace tickbird {

/// A series of the store by number: saves hashing the labels for every sample. 0 is "none". A reference may go stale
/// when its series expires; Append then finds or makes the series again by its labels and returns the new reference.
using SeriesRef = std::uint64_t;

/// One batch of samples on its way into the store: Append any number, then Commit or Rollback, then throw it away.
/// Nothing is visible to readers before Commit. A batch belongs to one thread; batches of several threads may be open
/// at once. Destroying an open batch rolls it back.
class Appender {
 public:
  virtual ~Appender() = default;

  /// Adds a sample of the series `ref`, or of the series with `labels` when `ref` is 0 or stale. `labels` must hold
  /// __name__ and be the same set each time for one `ref`. Returns the reference to use next time.
  ///
  /// Refused, with the rest of the batch unaffected: kOutOfOrder (older than the newest sample of the series),
  /// kDuplicate (same time, other value; the same value again is accepted and ignored), kOutOfBounds (further in the
  /// future than the store allows), kTooLarge (series limit reached and the series is new), kInvalidArgument (no metric
  /// name). Each is counted by reason in the store's own metrics.
  virtual Result<SeriesRef> Append(SeriesRef ref, const Labels& labels, TimestampMs timestamp, double value) = 0;

  /// Says what a metric family is. Cheap when nothing changed. Visible after Commit.
  virtual void SetMetadata(std::string_view family, const MetricMetadata& metadata) = 0;

  /// Makes the batch visible and hands it to the write-ahead log. kTooLarge or kUnavailable means that the log could
  /// not be written (disk full, I/O error): the samples are visible all the same, but will not survive a restart;
  /// counted by the store.
  virtual Status Commit() = 0;
  virtual void Rollback() = 0;
};

/// Where samples go. Thread safe.
class Appendable {
 public:
  virtual ~Appendable() = default;
  virtual std::unique_ptr<Appender> NewAppender() = 0;
};

}  // namespace tickbird
