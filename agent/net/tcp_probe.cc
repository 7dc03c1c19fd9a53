#include "agent/net/tcp_probe.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <memory>
#include <utility>

#include "agent/net/watchdog.h"
#include "core/base/duration.h"

namespace tickbird::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Steady = std::chrono::steady_clock;

/// One probe, kept alive by its pending operations.
struct Probe : std::enable_shared_from_this<Probe> {
  Probe(IoLoop& loop, std::string given_target, DurationMs given_timeout,
        std::function<void(Result<TcpProbeResult>)> done)
      : resolver(loop.context()),
        socket(loop.context()),
        watchdog(loop.context().get_executor(), [this] { GiveUp(); }),
        target(std::move(given_target)),
        timeout(given_timeout),
        callback(std::move(done)) {}

  void Start(const std::string& host, const std::string& port) {
    watchdog.Set(timeout);
    resolver.async_resolve(
        host, port, [self = shared_from_this()](const error_code& error, const tcp::resolver::results_type& results) {
          self->OnResolved(error, results);
        });
  }

  void OnResolved(const error_code& error, const tcp::resolver::results_type& results) {
    result.resolve_us = Elapsed();
    if (error || watchdog.expired()) {
      Fail("the name cannot be resolved: ", error);
      return;
    }
    asio::async_connect(socket, results,
                        [self = shared_from_this()](const error_code& failure, const tcp::endpoint& peer) {
                          self->OnConnected(failure, peer);
                        });
  }

  void OnConnected(const error_code& error, const tcp::endpoint& peer) {
    if (error || watchdog.expired()) {
      Fail("", error);
      return;
    }
    result.connect_us = Elapsed() - result.resolve_us;
    result.address = peer.address().to_string();
    Report(std::move(result));
  }

  /// A lookup cannot be stopped, only no longer waited for.
  void GiveUp() {
    error_code ignored;
    resolver.cancel();
    socket.close(ignored);
    Report(Error{ErrorCode::kTimeout, target + ": no connection within " + FormatDuration(timeout)});
  }

  void Fail(const char* what, const error_code& error) {
    Report(Error{ErrorCode::kUnavailable, target + ": " + what + error.message()});
  }

  void Report(Result<TcpProbeResult> outcome) {
    watchdog.Clear();
    if (const auto call = std::exchange(callback, nullptr)) call(std::move(outcome));
  }

  std::int64_t Elapsed() const {
    return std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - start).count();
  }

  tcp::resolver resolver;
  tcp::socket socket;
  Watchdog watchdog;
  const std::string target;
  const DurationMs timeout;
  std::function<void(Result<TcpProbeResult>)> callback;
  const Steady::time_point start = Steady::now();
  TcpProbeResult result;
};

}  // namespace

void TcpProbe(IoLoop& loop, const std::string& host, std::uint16_t port, DurationMs timeout,
              std::function<void(Result<TcpProbeResult>)> callback) {
  const std::string port_text = std::to_string(port);
  const auto probe = std::make_shared<Probe>(loop, host + ':' + port_text, timeout, std::move(callback));
  probe->Start(host, port_text);
}

}  // namespace tickbird::net
