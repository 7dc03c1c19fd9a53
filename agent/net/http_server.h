#pragma once

#include <functional>
#include <memory>

#include "agent/net/http_limits.h"
#include "agent/net/http_stats.h"
#include "agent/net/io_loop.h"
#include "agent/net/listen_address.h"
#include "agent/net/router.h"
#include "core/base/clock.h"
#include "core/base/result.h"

namespace tickbird::net {

/// HTTP/1.0 and 1.1 on one address: keep-alive, pipelining (answered in order, one at a time), HEAD, gzip, event
/// streams, and a limit on everything a client can send or hold (http_limits.h). Handlers run on the I/O thread;
/// deferred ones answer from anywhere. All methods are for the I/O thread, or for any thread while the loop does not
/// run yet.
class HttpServer {
 public:
  /// `router` is complete; the hubs in it outlive the server.
  HttpServer(IoLoop& loop, std::shared_ptr<const Router> router, HttpLimits limits);
  /// Closes everything at once; Stop is the gentle way.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Binds and accepts from then on. The text of an error says what to do (address in use, privileged port, not an
  /// address of this machine). May be called for several addresses.
  Status Listen(const ListenAddress& address);
  /// The port of the first address, also when 0 was asked for; 0 before Listen.
  std::uint16_t port() const;

  /// Stops accepting, ends idle connections and streams, lets requests in flight finish until `grace` is over, cuts the
  /// rest, and then calls `stopped` once on the I/O thread. REQUIRES: not called before.
  void Stop(DurationMs grace, std::function<void()> stopped);

  HttpStats stats() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tickbird::net
