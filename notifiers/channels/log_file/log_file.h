#pragma once

#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/model/receiver_spec.h"
#include "notifiers/channels/channel.h"

namespace tickbird::notify {

/// Kind "log": one JSON line a message, appended to the file `path`, or to the agent's own log without one. Fields:
/// path, send_resolved (default true). The file is opened for each message, so it may be rotated by renaming. Writes to
/// a local file on the I/O thread; do not point it at a pipe or a network file system.
Result<std::unique_ptr<Channel>> CreateLogFile(const ReceiverSpec& spec, const ChannelDeps& deps);

/// The line, without its end.
std::string BuildLogLine(const Message& message);

}  // namespace tickbird::notify
