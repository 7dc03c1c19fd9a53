#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
namespace tickbird::web {
struct Asset { std::string_view path, content_type; std::shared_ptr<const std::string> bytes, gzip_bytes; std::string_view etag; };
inline constexpr std::string_view kContentSecurityPolicy = "default-src 'self'";
inline std::span<const Asset> Assets() { return {}; }
}
