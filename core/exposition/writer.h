#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/exposition/format.h"
#include "core/model/labels.h"
#include "core/model/sample.h"

namespace tickbird::exposition {

struct Exemplar {
  Labels labels;
  double value = 0;
  std::optional<TimestampMs> timestamp;
};

/// Writes a page: Family, its samples, the next Family, ..., Finish. Appends to the string it was given.
///
/// Names are those of text 0.0.4 in both formats: a counter's family and sample both carry their `_total`. OpenMetrics
/// wants it on the sample only, so the writer takes it off the family there, and adds it to a counter's sample that has
/// none. An info's family gets its `_info` in text 0.0.4, where it is a gauge. A type that text 0.0.4 does not know is
/// written as the nearest it knows. Label values and help that are not UTF-8 get U+FFFD for the bad bytes, names are
/// escaped as `escaping` says: every page parses. The caller keeps families and label sets together, and gives each
/// series once; the writer does not look back.
class Writer {
 public:
  Writer(std::string& out, Format format, Escaping escaping = Escaping::kUnderscores)
      : out_(out), format_(format), escaping_(escaping) {}

  void Family(std::string_view name, const MetricMetadata& metadata);

  /// `name` is the sample's, with _bucket, _sum and so on. A label __name__ is skipped, so stored labels can be passed
  /// as they are. Exemplars vanish in text 0.0.4.
  void Sample(std::string_view name, std::span<const LabelView> labels, double value,
              std::optional<TimestampMs> timestamp = std::nullopt, const Exemplar* exemplar = nullptr);
  void Sample(std::string_view name, const Labels& labels, double value,
              std::optional<TimestampMs> timestamp = std::nullopt, const Exemplar* exemplar = nullptr);

  /// Ends the page ("# EOF" in OpenMetrics).
  void Finish();

 private:
  void MetadataLine(std::string_view keyword, std::string_view name, std::string_view text);
  void SampleName(std::string_view name);
  void LabelSet(std::span<const LabelView> labels, std::string_view quoted_metric_name);
  void Timestamp(TimestampMs timestamp);

  std::string& out_;
  const Format format_;
  const Escaping escaping_;
  bool counter_ = false;  // the current family is one
  std::string stem_;      // what the sample names of the current family start with
  std::vector<LabelView> scratch_;
};

}  // namespace tickbird::exposition
