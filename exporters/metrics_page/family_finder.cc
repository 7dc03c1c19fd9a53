#include "exporters/metrics_page/family_finder.h"

#include <utility>

namespace tickbird::exporters {
namespace {

constexpr std::string_view kBucket = "_bucket";

const MetricMetadata kUnknown = {};
const MetricMetadata kLearnedHistogram = {.type = MetricType::kHistogram, .help = {}, .unit = {}};

/// Whether samples of `type` may be called family + suffix.
bool HasSuffix(MetricType type, std::string_view suffix) {
  const bool gauge = type == MetricType::kGaugeHistogram;
  if (suffix == kBucket) return gauge || type == MetricType::kHistogram;
  if (suffix == "_sum" || suffix == "_count") return type == MetricType::kHistogram || type == MetricType::kSummary;
  return gauge;
}

}  // namespace

void FamilyFinder::Learn(std::string_view sample_name, const Labels& labels) {
  if (!sample_name.ends_with(kBucket) || !labels.Has("le") || metadata_.contains(sample_name)) return;
  const std::string_view family = sample_name.substr(0, sample_name.size() - kBucket.size());
  if (!family.empty() && !metadata_.contains(family) && !histograms_.contains(family)) histograms_.emplace(family);
}

MetricType FamilyFinder::CompositeType(std::string_view family) const {
  const auto known = metadata_.find(family);
  if (known == metadata_.end()) return histograms_.contains(family) ? MetricType::kHistogram : MetricType::kUnknown;
  const MetricType type = known->second.type;
  const bool composite =
      type == MetricType::kHistogram || type == MetricType::kSummary || type == MetricType::kGaugeHistogram;
  return composite ? type : MetricType::kUnknown;
}

FamilyFinder::Found FamilyFinder::Find(std::string_view sample_name) const {
  if (const auto known = metadata_.find(sample_name); known != metadata_.end()) {
    return {.family = sample_name,
            .metadata = &known->second,
            .bound_label = known->second.type == MetricType::kSummary ? "quantile" : ""};
  }
  for (const std::string_view suffix : {kBucket, std::string_view("_sum"), std::string_view("_count"),
                                        std::string_view("_gsum"), std::string_view("_gcount")}) {
    if (!sample_name.ends_with(suffix)) continue;
    const std::string_view family = sample_name.substr(0, sample_name.size() - suffix.size());
    const MetricType type = CompositeType(family);
    if (type == MetricType::kUnknown || !HasSuffix(type, suffix)) continue;
    const auto known = metadata_.find(family);
    return {.family = family,
            .metadata = known == metadata_.end() ? &kLearnedHistogram : &known->second,
            .bound_label = suffix == kBucket ? "le" : ""};
  }
  // From an OpenMetrics page: the metadata's name is the sample's without its ending, which text 0.0.4 counts to the
  // name.
  for (const auto& [suffix, type] :
       {std::pair{std::string_view("_total"), MetricType::kCounter}, {"_info", MetricType::kInfo}}) {
    if (!sample_name.ends_with(suffix)) continue;
    const auto known = metadata_.find(sample_name.substr(0, sample_name.size() - suffix.size()));
    if (known != metadata_.end() && known->second.type == type)
      return {.family = sample_name, .metadata = &known->second, .bound_label = {}};
  }
  return {.family = sample_name, .metadata = &kUnknown, .bound_label = {}};
}

}  // namespace tickbird::exporters
