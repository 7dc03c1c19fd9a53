#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/strings.h"
#include "core/model/labels.h"

namespace tickbird::promql {

/// The labels by which series are grouped or matched: only these (by, on), or all but these and the metric name
/// (without, ignoring).
class LabelSubset {
 public:
  static LabelSubset Only(std::vector<std::string> names) { return LabelSubset(std::move(names), true); }
  static LabelSubset AllBut(std::vector<std::string> names);

  /// Writes bytes to `key` that are equal for label sets whose chosen labels are equal.
  void KeyOf(const Labels& labels, std::string& key) const;
  /// The chosen labels.
  Labels Of(const Labels& labels) const;
  bool Chooses(std::string_view name) const;

 private:
  LabelSubset(std::vector<std::string> names, bool only);

  std::vector<std::string> names_;  // sorted
  bool only_;
};

/// Numbers the different keys in the order of their first appearance.
class GroupIndex {
 public:
  std::uint32_t Find(const LabelSubset& subset, const Labels& labels) {
    subset.KeyOf(labels, key_);
    return groups_.try_emplace(key_, static_cast<std::uint32_t>(groups_.size())).first->second;
  }
  std::size_t size() const { return groups_.size(); }

 private:
  std::unordered_map<std::string, std::uint32_t, StringHash, std::equal_to<>> groups_;
  std::string key_;
};

}  // namespace tickbird::promql
