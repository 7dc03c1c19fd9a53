#pragma once

#include <span>
#include <string_view>

namespace tickbird::dashboards {

/// A file of the page, embedded in the binary. All views are static.
struct Asset {
  std::string_view path;  ///< As requested: "/", "/app.js".
  std::string_view content_type;
  std::string_view bytes;
  std::string_view gzip_bytes;  ///< The same, compressed at build time; to be sent as it is.
  std::string_view etag;        ///< Of the content, without quotes.
};

/// All files of the page. Serve them with `Cache-Control: no-cache` (the ETag answers the question cheaply) and the
/// policy below.
std::span<const Asset> Assets();

/// Nothing from elsewhere, nothing inline, in nobody's frame: a hostile label that got into the page could still do
/// nothing.
inline constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace tickbird::dashboards
