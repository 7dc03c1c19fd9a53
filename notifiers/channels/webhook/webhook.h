#pragma once

#include <memory>

#include "core/base/result.h"
#include "core/model/receiver_spec.h"
#include "notifiers/channels/channel.h"

namespace tickbird::notify {

/// Fields: url (or url_file), secret (or secret_file; Standard Webhooks), max_alerts, timeout, send_resolved (default
/// true), http_config.*. Every request carries webhook-id, the message's key, which is the same for all attempts.
Result<std::unique_ptr<Channel>> CreateWebhook(const ReceiverSpec& spec, const ChannelDeps& deps);

}  // namespace tickbird::notify
