#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "agent/net/http_server_core.h"

namespace tickbird::net {

/// One connection, from accept to close. Only http_server.cc knows this header; it is kept free of Beast.
class HttpSession {
 public:
  virtual ~HttpSession() = default;
  /// Waiting for the first byte of a request (or of the next one).
  virtual bool is_idle() const = 0;
  virtual std::int64_t idle_since_us() const = 0;
  /// The server stops: ends at once when idle or streaming, else after the response in flight.
  virtual void Finish() = 0;
  /// Ends now, whatever is in flight.
  virtual void Cut() = 0;
};

/// Starts serving `socket`; the session lives by itself, registered in core->sessions, until its connection ends.
void StartHttpSession(boost::asio::ip::tcp::socket socket, std::shared_ptr<HttpServerCore> core);

}  // namespace tickbird::net
