#include "notifiers/receivers.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "core/base/strings.h"

namespace tickbird::notify {
namespace {

/// Mail servers count connections per client, and refuse above a few.
constexpr int kMailConnections = 2;

Status CheckTarget(const NotifyTarget& target, const ReceiverTable& table) {
  if (!table.contains(target.receiver)) {
    std::vector<std::string_view> names;
    for (const auto& [name, integrations] : table) names.push_back(name);
    return Error{ErrorCode::kNotFound,
                 fmt::format("no receiver is named \"{}\"{}", target.receiver, DidYouMean(target.receiver, names))};
  }
  if (!target.arguments.empty()) {
    return Error{ErrorCode::kUnsupported, fmt::format("receiver \"{}\" takes no arguments", target.receiver)};
  }
  return {};
}

}  // namespace

std::expected<ReceiverSet, std::vector<ReceiverProblem>> ReceiverSet::Create(const std::vector<ReceiverSpec>& specs,
                                                                             const ChannelDeps& deps) {
  ReceiverSet set;
  std::vector<ReceiverProblem> problems;
  std::map<std::pair<std::string, std::string>, int> counts;
  for (const ReceiverSpec& spec : specs) {
    Result<std::unique_ptr<Channel>> channel = CreateChannel(spec, deps);
    if (!channel) {
      problems.push_back({spec.file, channel.error()});
      continue;
    }
    const int index = counts[{spec.name, spec.kind}]++;
    set.entries_.emplace(fmt::format("{}/{}[{}]", spec.name, spec.kind, index),
                         Entry{spec.name, spec.kind, spec.limit, std::move(*channel)});
  }
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return set;
}

const ReceiverSet::Entry* ReceiverSet::Find(const std::string& integration) const {
  const auto entry = entries_.find(integration);
  return entry == entries_.end() ? nullptr : &entry->second;
}

ReceiverTable ReceiverSet::Table() const {
  ReceiverTable table;
  for (const auto& [integration, entry] : entries_) {
    table[entry.receiver].push_back({integration, entry.channel->send_resolved()});
  }
  return table;
}

std::vector<LaneOptions> ReceiverSet::Lanes(const LaneOptions& defaults) const {
  std::vector<LaneOptions> lanes;
  for (const auto& [integration, entry] : entries_) {
    LaneOptions& lane = lanes.emplace_back(defaults);
    lane.integration = integration;
    lane.limit = entry.limit;
    if (entry.kind == "email") lane.max_in_flight = std::min(lane.max_in_flight, kMailConnections);
  }
  return lanes;
}

Status ReceiverSet::CheckTargets(const NotifyPolicy& policy) const {
  const ReceiverTable table = Table();
  for (const NotifyTarget& target : policy.notify) TICKBIRD_RETURN_IF_ERROR(CheckTarget(target, table));
  for (const EscalationStep& step : policy.escalation) {
    for (const NotifyTarget& target : step.targets) TICKBIRD_RETURN_IF_ERROR(CheckTarget(target, table));
  }
  return {};
}

}  // namespace tickbird::notify
