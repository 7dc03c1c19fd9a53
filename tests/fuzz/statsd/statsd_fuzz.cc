// Any datagrams in: no crash, every line is counted once, and whatever is flushed has a legal name, UTF-8 labels and a
// finite value.
#include <cmath>
#include <cstdlib>

#include "agent/ingest/statsd/aggregator.h"
#include "core/base/strings.h"
#include "tests/testing/float_appender.h"

using namespace tickbird;

namespace {

class CheckingAppender final : public testing::FloatAppender {
 public:
  Result<SeriesRef> Append(SeriesRef, const Labels& labels, TimestampMs, double value) override {
    if (!IsLegacyMetricName(labels.MetricName())) std::abort();
    for (const LabelView& label : labels) {
      if (!IsLegacyLabelName(label.name) || !IsValidUtf8(label.value)) std::abort();
    }
    if (!std::isfinite(value) && !IsStaleMarker(value)) std::abort();
    return SeriesRef{1};
  }
  void SetMetadata(std::string_view, const MetricMetadata&) override {}
  Status Commit() override { return {}; }
  void Rollback() override {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  statsd::Aggregator aggregator({.instance = "x", .max_names = 20, .max_series = 200, .idle_expiry = 2});
  CheckingAppender appender;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  aggregator.AddDatagram(text.substr(0, size / 2));
  aggregator.Flush(1, appender);
  aggregator.AddDatagram(text.substr(size / 2));
  aggregator.Flush(2, appender);
  aggregator.Flush(4, appender);
  return 0;
}
