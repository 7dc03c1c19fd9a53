#pragma once

#include <string>
#include <string_view>

namespace tickbird::net {

/// Does this Accept-Encoding header allow gzip? By the quality values of RFC 9110 section 12.5.3: "gzip", "x-gzip" or
/// "*" with a quality above zero; the more specific name decides.
bool AcceptsGzip(std::string_view accept_encoding);

/// Text-like types that shrink. Event streams do not count: they are sent piece by piece.
bool IsCompressible(std::string_view content_type);

/// `text` as a gzip member. Level 1 (fast) to 9 (small).
std::string Gzip(std::string_view text, int level);

/// Bodies smaller than this are sent as they are: the packet is the same.
inline constexpr std::size_t kMinGzipBytes = 1024;

}  // namespace tickbird::net
