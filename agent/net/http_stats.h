#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/net/request_head.h"

namespace tickbird::net {

/// What the server has done since its start. A value: HttpServer::stats() copies it.
struct HttpStats {
  struct Handler {
    std::string pattern;                      ///< The route, or "" for what no route matched.
    std::array<std::uint64_t, 6> by_class{};  ///< [2] counts 2xx, ...; [0] is unused. Rejections are not in here.
    std::uint64_t total_us =
        0;  ///< From the whole request read to the response written; streams count until their head.
  };
  std::vector<Handler> handlers;
  std::array<std::uint64_t, kRejectReasons> rejected{};  ///< By RejectReason.
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_evicted = 0;  ///< Idle ones closed at max_connections in favour of new ones.
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t handler_exceptions = 0;
  std::uint64_t accept_errors = 0;
  std::size_t connections = 0;
  std::size_t in_flight = 0;  ///< Requests read and not yet answered.
  std::size_t streams = 0;
};

}  // namespace tickbird::net
