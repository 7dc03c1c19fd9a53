#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "notifiers/pipeline/message.h"

namespace tickbird::notify {

/// Who the message says it is from and where it goes; empty: as the webhook was set up.
struct SlackLook {
  std::string channel;
  std::string username;
  std::string icon_emoji;
  std::string icon_url;
};

/// The JSON of an incoming webhook: `text` for the list and the phone, one attachment with the colour bar and the
/// details, or one a piece for a digest. Label values can neither mention anybody nor make links: &, < and > are
/// escaped everywhere.
std::string BuildSlackPayload(const std::vector<Message>& messages, const SlackLook& look,
                              std::string_view external_url);

/// Slack's escaping of text.
std::string EscapeSlack(std::string_view text);

}  // namespace tickbird::notify
