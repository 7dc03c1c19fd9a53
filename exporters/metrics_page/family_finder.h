#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "core/model/labels.h"
#include "core/model/sample.h"

namespace tickbird::exporters {

/// Tells to which family a stored series belongs.
class FamilyFinder {
 public:
  using Metadata = std::map<std::string, MetricMetadata, std::less<>>;

  /// `metadata` must outlive this.
  explicit FamilyFinder(const Metadata& metadata) : metadata_(metadata) {}

  /// Looks at every series before the first Find: a bucket tells that its family is a histogram.
  void Learn(std::string_view sample_name, const Labels& labels);

  struct Found {
    std::string_view family;         ///< A part of `sample_name`.
    const MetricMetadata* metadata;  ///< Never null; lives as long as the finder's.
    std::string_view
        bound_label;  ///< "le" or "quantile": the label that does not tell one histogram from another; or empty.
  };
  Found Find(std::string_view sample_name) const;

 private:
  /// The type of a family that is written as several samples; kUnknown for all others.
  MetricType CompositeType(std::string_view family) const;

  const Metadata& metadata_;
  std::set<std::string, std::less<>> histograms_;  // without metadata
};

}  // namespace tickbird::exporters
