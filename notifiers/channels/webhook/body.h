#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/pipeline/message.h"

namespace tickbird::notify {

/// Alertmanager's webhook body, version "4", with its field names and order. One message is a group of one alert, whose
/// group labels are all its labels; a digest is a group without group labels. At most `max_alerts` alerts are listed
/// (0: all), the others counted in truncatedAlerts. `messages` is not empty.
std::string BuildWebhookBody(const std::vector<Message>& messages, std::string_view receiver,
                             std::string_view external_url, std::size_t max_alerts);

/// Standard Webhooks: "v1,<base64>" for each of the blank-separated secrets (several while one is rotated). A secret
/// that starts with "whsec_" is the base64 of the key, any other is the key itself.
std::string SignWebhook(std::string_view secrets, std::string_view id, std::int64_t timestamp_s, std::string_view body);

}  // namespace tickbird::notify
