#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/base/result.h"
#include "core/model/exemplar.h"
#include "core/model/histogram.h"
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

  /// Who writes from now on ("sampling", "statsd", a scrape job): the store counts series by the source that made them.
  virtual void SetSource(std::string_view source) = 0;

  /// Adds a sample of the series `ref`, or of the series with `labels` when `ref` is 0 or stale. `labels` must hold
  /// __name__ and be the same set each time for one `ref`. Returns the reference to use next time.
  ///
  /// Refused, with the rest of the batch unaffected: kOutOfOrder (older than the newest sample of the series, and
  /// outside of the store's out-of-order window), kDuplicate (same time, other value; the same value again is accepted
  /// and ignored), kOutOfBounds (further in the future than the store allows, or older than what it still takes),
  /// kTooLarge (series or memory limit reached and the series is new), kInvalidArgument (no metric name). Each is
  /// counted by reason in the store's own metrics.
  virtual Result<SeriesRef> Append(SeriesRef ref, const Labels& labels, TimestampMs timestamp, double value) = 0;

  /// The same for native histograms. Refused besides: kInvalidArgument (see Validate), kOutOfOrder for anything older
  /// than the newest sample of the series: no window here. A series may hold floats and histograms in turn.
  virtual Result<SeriesRef> AppendHistogram(SeriesRef ref, const Labels& labels, TimestampMs timestamp,
                                            const Histogram& histogram) = 0;
  virtual Result<SeriesRef> AppendHistogram(SeriesRef ref, const Labels& labels, TimestampMs timestamp,
                                            const FloatHistogram& histogram) = 0;

  /// Adds an example to a series that has samples in the store or in this batch. Refused: kOutOfOrder (older than the
  /// newest one of its series), kTooLarge (labels longer than kMaxExemplarLabelRunes), kNotFound (no such series); an
  /// equal one is accepted and ignored.
  virtual Status AppendExemplar(SeriesRef ref, const Labels& labels, const Exemplar& exemplar) = 0;

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
