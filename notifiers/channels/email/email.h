#pragma once

#include <memory>

#include "core/base/result.h"
#include "core/model/receiver_spec.h"
#include "notifiers/channels/channel.h"

namespace tickbird::notify {

/// Mail through one SMTP server. Fields: to (required), from (default tickbird@<hostname>), smarthost (host:port;
/// default localhost:25), hello, auth_username, auth_password or auth_password_file, require_tls, force_implicit_tls,
/// tls_config.*, headers.*, threading.enabled, timeout, send_resolved (default true: our clear goes to everyone told).
/// Port 465 means TLS from the first byte unless force_implicit_tls says otherwise; else STARTTLS is required by
/// default, except to a server on this machine.
Result<std::unique_ptr<Channel>> CreateEmail(const ReceiverSpec& spec, const ChannelDeps& deps);

}  // namespace tickbird::notify
