#pragma once

#include <cstddef>

#include "core/base/clock.h"

namespace tickbird::net {

/// What one client, and all of them together, may take. The answer at each limit is in the comment.
struct HttpLimits {
  std::size_t max_header_bytes = 32 * 1024;      ///< 431
  std::size_t max_uri_bytes = 16 * 1024;         ///< 414
  std::size_t max_body_bytes = 8 * 1024 * 1024;  ///< 413, also for a form; decompression is the handler's business.
  std::size_t max_connections = 256;            ///< The longest idle connection goes; when none is idle, 503 and close.
  DurationMs idle_timeout = 60 * kSecondMs;     ///< Between requests. Closed silently.
  DurationMs request_timeout = 30 * kSecondMs;  ///< From the first to the last byte of a request. 408 and close.
  DurationMs handler_timeout = 150 * kSecondMs;  ///< A deferred answer that does not come. 503.
  DurationMs write_timeout = 30 * kSecondMs;     ///< For a response, plus a second for each 128 KiB. Closed.
  int gzip_level = 1;
};

}  // namespace tickbird::net
