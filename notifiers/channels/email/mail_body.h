#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "notifiers/pipeline/message.h"

namespace tickbird::notify {

/// The text part: everything that the HTML part says, in plain lines.
std::string BuildMailText(const std::vector<Message>& messages, std::string_view external_url);

/// The HTML part: one column that fits a telephone, styles inline because mail programs drop the rest, every value
/// escaped.
std::string BuildMailHtml(const std::vector<Message>& messages, std::string_view external_url);

}  // namespace tickbird::notify
