#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/strings.h"
#include "rules/promql/parser.h"

namespace tickbird::rules {

/// What one rule reads and which metric it writes ("" for none).
struct RuleTraffic {
  promql::ReadSet reads;
  std::string writes;
};

/// Which rules a committed metric concerns, and in which order rules must run so that a rule sees in the same cycle
/// what another one writes. Built once per rule set; immutable. Rules are numbers: places in the span it was built
/// from.
class DependencyIndex {
 public:
  DependencyIndex() = default;
  explicit DependencyIndex(std::span<const RuleTraffic> rules);

  /// Rules that name `metric` in a selector. Those that read everything are in `omnivores`.
  std::span<const std::size_t> ReadersOf(std::string_view metric) const;
  std::span<const std::size_t> omnivores() const { return omnivores_; }

  /// Writers before their readers, otherwise as given. In a circle (a rule that reads its own output) the first one
  /// given goes first and reads what was written the last time.
  const std::vector<std::size_t>& order() const { return order_; }

  /// True when the rule reads what some rule writes.
  bool ReadsRules(std::size_t rule) const { return reads_rules_[rule]; }

 private:
  void IndexReaders(std::span<const RuleTraffic> rules);
  void SortByDependency(std::span<const RuleTraffic> rules);

  std::unordered_map<std::string, std::vector<std::size_t>, StringHash, std::equal_to<>> readers_;
  std::vector<std::size_t> omnivores_;
  std::vector<std::size_t> order_;
  std::vector<bool> reads_rules_;
};

}  // namespace tickbird::rules
