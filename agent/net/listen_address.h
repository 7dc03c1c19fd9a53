#pragma once

#include <cstdint>
#include <string>

namespace tickbird::net {

/// Where to listen: an IP literal and a port. Port 0: any free one.
struct ListenAddress {
  std::string host = "127.0.0.1";  ///< "": all interfaces, IPv6 and IPv4.
  std::uint16_t port = 0;

  /// "127.0.0.1:9797", "[::1]:9797", ":9797".
  std::string ToString() const;
};

}  // namespace tickbird::net
