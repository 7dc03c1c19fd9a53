#include "rules/eval/dependency_index.h"

#include <algorithm>
#include <set>

namespace tickbird::rules {

DependencyIndex::DependencyIndex(std::span<const RuleTraffic> rules) : reads_rules_(rules.size(), false) {
  IndexReaders(rules);
  SortByDependency(rules);
}

void DependencyIndex::IndexReaders(std::span<const RuleTraffic> rules) {
  for (std::size_t rule = 0; rule < rules.size(); ++rule) {
    if (rules[rule].reads.everything) omnivores_.push_back(rule);
    for (const std::string& name : rules[rule].reads.metric_names) readers_[name].push_back(rule);
  }
}

std::span<const std::size_t> DependencyIndex::ReadersOf(std::string_view metric) const {
  const auto found = readers_.find(metric);
  return found == readers_.end() ? std::span<const std::size_t>() : std::span(found->second);
}

void DependencyIndex::SortByDependency(std::span<const RuleTraffic> rules) {
  std::vector<std::vector<std::size_t>> readers_of(rules.size());
  std::vector<std::size_t> waits_for(rules.size(), 0);
  for (std::size_t writer = 0; writer < rules.size(); ++writer) {
    if (rules[writer].writes.empty()) continue;
    const auto by_name = ReadersOf(rules[writer].writes);
    readers_of[writer].assign(by_name.begin(), by_name.end());
    // One that reads everything runs after all that write, unless it names the metric anyway.
    for (const std::size_t reader : omnivores_) {
      if (std::find(by_name.begin(), by_name.end(), reader) == by_name.end()) readers_of[writer].push_back(reader);
    }
    std::erase(readers_of[writer], writer);
    for (const std::size_t reader : readers_of[writer]) {
      ++waits_for[reader];
      reads_rules_[reader] = true;
    }
  }

  std::set<std::size_t> ready;
  std::set<std::size_t> waiting;
  for (std::size_t rule = 0; rule < rules.size(); ++rule) (waits_for[rule] == 0 ? ready : waiting).insert(rule);
  while (!ready.empty() || !waiting.empty()) {
    std::set<std::size_t>& from = ready.empty() ? waiting : ready;  // nothing ready: a circle, cut it here
    const std::size_t rule = *from.begin();
    from.erase(from.begin());
    order_.push_back(rule);
    for (const std::size_t reader : readers_of[rule]) {
      if (--waits_for[reader] == 0 && waiting.erase(reader) > 0) ready.insert(reader);
    }
  }
}

}  // namespace tickbird::rules
