#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/model/histogram.h"
#include "core/model/labels.h"
#include "core/model/matcher.h"
#include "core/model/sample.h"

namespace tickbird {

/// The samples of one series in time order, floats and native histograms. Holds what it reads, so it outlives later
/// changes of the store; not thread safe. May read from disk.
class SeriesCursor {
 public:
  virtual ~SeriesCursor() = default;
  /// Fills both spans (same length, not empty) from the front with float samples and returns how many were written; 0
  /// means that a histogram stands next, or the end. Stale markers are delivered like any sample.
  virtual std::size_t Read(std::span<TimestampMs> timestamps, std::span<double> values) = 0;
  /// Takes the histogram that stands next. False: a float does, or it is the end. Cursors over floats have none.
  virtual bool ReadHistogram([[maybe_unused]] TimestampMs* timestamp, [[maybe_unused]] FloatHistogram* histogram) {
    return false;
  }
  /// Why samples are missing from what was read so far (kCorruption, or the disk's error); what could be read was.
  virtual Status status() const { return {}; }
};

/// For readers of floats alone: SeriesCursor::Read past the histograms in between. 0: the end.
std::size_t ReadFloats(SeriesCursor& cursor, std::span<TimestampMs> timestamps, std::span<double> values);

/// What to read. A sample t is wanted when min <= t <= max (both inclusive).
struct Selection {
  std::vector<Matcher> matchers;
  TimestampMs min = 0;
  TimestampMs max = 0;
  /// Only the newest sample in the range of each series is needed: lets the store skip decoding.
  bool newest_only = false;
};

struct SelectedSeries {
  Labels labels;
  std::unique_ptr<SeriesCursor> cursor;
};

/// Read access to stored series. Thread safe; what is returned does not block writers.
class Queryable {
 public:
  virtual ~Queryable() = default;

  /// The series that match all matchers and may have samples in the range, in no particular order. kTooLarge when more
  /// than the store's series limit per query would be touched.
  virtual Result<std::vector<SelectedSeries>> Select(const Selection& selection) const = 0;

  /// Sorted names of labels / values of one label over the series that match (no matchers: all).
  virtual std::vector<std::string> LabelNames(const std::vector<Matcher>& matchers) const = 0;
  virtual std::vector<std::string> LabelValues(std::string_view name, const std::vector<Matcher>& matchers) const = 0;

  /// Known metadata by metric family.
  virtual std::map<std::string, MetricMetadata, std::less<>> Metadata() const = 0;
};

}  // namespace tickbird
