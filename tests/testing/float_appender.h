#pragma once

#include "core/model/appender.h"

namespace tickbird::testing {

/// For fakes of appenders in tests of what writes floats alone: the rest is refused.
class FloatAppender : public Appender {
 public:
  void SetSource(std::string_view) override {}
  Result<SeriesRef> AppendHistogram(SeriesRef, const Labels&, TimestampMs, const Histogram&) override {
    return Error{ErrorCode::kUnsupported, "this fake takes floats"};
  }
  Result<SeriesRef> AppendHistogram(SeriesRef, const Labels&, TimestampMs, const FloatHistogram&) override {
    return Error{ErrorCode::kUnsupported, "this fake takes floats"};
  }
  Status AppendExemplar(SeriesRef, const Labels&, const Exemplar&) override {
    return Error{ErrorCode::kUnsupported, "this fake takes floats"};
  }
};

}  // namespace tickbird::testing
