#pragma once

#include <memory>

#include "core/base/result.h"
#include "core/model/receiver_spec.h"
#include "notifiers/channels/channel.h"

namespace tickbird::notify {

/// Incoming webhook. Fields: api_url (or url; or api_url_file), channel, username, icon_emoji, icon_url, timeout,
/// send_resolved (default true: our clear goes to everyone told), http_config.*. Success is 200 with the text "ok".
Result<std::unique_ptr<Channel>> CreateSlack(const ReceiverSpec& spec, const ChannelDeps& deps);

}  // namespace tickbird::notify
