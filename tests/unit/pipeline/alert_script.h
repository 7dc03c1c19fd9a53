#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/alert_event.h"
#include "notifiers/pipeline/pipeline.h"

namespace tickbird::notify::testing {

/// Plays a script against a Pipeline in virtual time and says how it differed from what the script expects.
///
///   policy notify=mail,hook:3 cooldown=15m*2<1h repeat=1h escalate=10m:pager,30m:lead+mail loops=2 ack=1h down
///   at 0s raise high           raise, up, down LEVEL; clear; ack WHO [UNTIL]; stop; start; gone; limit
///     -> 0s raised mail        a message: kind, integration, and "swallowed=N", "step=N" when there are any
///     ?? 0s notified           a decision that must be in the log; unlike messages, others may be there too
///   end 2h                     time runs on to here
///
/// Between the lines the pipeline is ticked exactly when it asks to be. Each "->" must match in order, and no message
/// may be left over. Levels: info 1, warning 2, high 3, critical 4. "hook:3" asks for rank 3 and worse. Receivers mail,
/// hook, pager and lead exist; "quiet" does not want to hear of clears.
class AlertScript {
 public:
  /// With `restart_always`, the state is written as JSON and read back before each step.
  explicit AlertScript(bool restart_always) : restart_always_(restart_always) {}

  /// What went wrong, one line each; empty when all was as expected.
  std::string Run(std::string_view script);
  /// The idempotency keys of all messages, in order.
  const std::vector<std::string>& keys() const { return keys_; }

 private:
  class World;
  bool restart_always_;
  std::vector<std::string> keys_;
};

}  // namespace tickbird::notify::testing
