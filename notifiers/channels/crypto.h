#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tickbird::notify {

/// 32 bytes.
std::string HmacSha256(std::string_view key, std::string_view message);
/// RFC 4648 with padding.
std::string Base64Encode(std::string_view bytes);
/// Empty when `text` is no base64.
std::optional<std::string> Base64Decode(std::string_view text);

}  // namespace tickbird::notify
