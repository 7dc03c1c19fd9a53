#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/model/alert_event.h"
#include "core/model/receiver_spec.h"
#include "notifiers/channels/channel.h"
#include "notifiers/pipeline/lane.h"
#include "notifiers/pipeline/message.h"

namespace tickbird::notify {

/// What is wrong with a receiver, and in which file.
struct ReceiverProblem {
  std::string file;
  Error error;
};

/// The receivers of a configuration, checked and ready to send. Shared channels: a send that is under way when
/// receivers are replaced keeps its own alive.
class ReceiverSet {
 public:
  struct Entry {
    std::string receiver;
    std::string kind;
    std::optional<ReceiverSpec::Limit> limit;
    std::shared_ptr<Channel> channel;
  };

  /// Empty set: nobody can be told.
  ReceiverSet() = default;
  /// All of them, or every problem there is. The integrations of a receiver are named NAME/KIND[INDEX], counted per
  /// kind.
  static std::expected<ReceiverSet, std::vector<ReceiverProblem>> Create(const std::vector<ReceiverSpec>& specs,
                                                                         const ChannelDeps& deps);

  const Entry* Find(const std::string& integration) const;
  /// By integration.
  const std::map<std::string, Entry>& entries() const { return entries_; }
  ReceiverTable Table() const;
  std::vector<LaneOptions> Lanes(const LaneOptions& defaults) const;

  /// kNotFound: a target names a receiver that is not here. kUnsupported: a target has arguments, which no kind of this
  /// version takes. For rule files that are checked before they are used.
  Status CheckTargets(const NotifyPolicy& policy) const;

 private:
  std::map<std::string, Entry> entries_;
};

}  // namespace tickbird::notify
