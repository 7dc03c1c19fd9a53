#include "rules/promql/label_subset.h"

#include <algorithm>

namespace tickbird::promql {

LabelSubset LabelSubset::AllBut(std::vector<std::string> names) {
  // Labels that describe the metric go with its name.
  for (const std::string_view described :
       {kMetricNameLabel, std::string_view("__type__"), std::string_view("__unit__")}) {
    names.emplace_back(described);
  }
  return LabelSubset(std::move(names), false);
}

LabelSubset::LabelSubset(std::vector<std::string> names, bool only) : names_(std::move(names)), only_(only) {
  std::sort(names_.begin(), names_.end());
}

bool LabelSubset::Chooses(std::string_view name) const {
  return std::binary_search(names_.begin(), names_.end(), name, std::less<>()) == only_;
}

void LabelSubset::KeyOf(const Labels& labels, std::string& key) const {
  key.clear();
  const auto append = [&key](std::string_view text) {
    const auto size = static_cast<std::uint32_t>(text.size());
    key.append(reinterpret_cast<const char*>(&size), sizeof size);
    key.append(text);
  };
  for (const LabelView& label : labels) {
    if (!Chooses(label.name)) continue;
    append(label.name);
    append(label.value);
  }
}

Labels LabelSubset::Of(const Labels& labels) const {
  LabelsBuilder builder;
  for (const LabelView& label : labels) {
    if (Chooses(label.name)) builder.Set(label.name, label.value);
  }
  return builder.Build();
}

}  // namespace tickbird::promql
