#include "agent/net/http_server.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>
#include <vector>

#include "agent/net/http_session.h"
#include "core/base/log.h"

namespace tickbird::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// After accept failed for want of descriptors or memory: trying again at once would spin.
constexpr std::chrono::milliseconds kAcceptBackoff{100};

constexpr std::string_view kBusy =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\nRetry-After: 1\r\n"
    "Content-Length: 84\r\n\r\n"
    "{\"status\":\"error\",\"errorType\":\"unavailable\",\"error\":\"too many connections are open\"}";
static_assert(kBusy.ends_with('}') && kBusy.size() - kBusy.find("{") == 84);

/// One listening socket, shared with its pending operations.
struct Listener : std::enable_shared_from_this<Listener> {
  explicit Listener(std::shared_ptr<HttpServerCore> given)
      : core(std::move(given)), acceptor(core->loop.context()), backoff(core->loop.context()) {}

  void Accept() {
    acceptor.async_accept([self = shared_from_this()](const error_code& error, tcp::socket socket) {
      if (error == asio::error::operation_aborted || !self->acceptor.is_open()) return;
      if (error) {
        self->BackOff(error);
        return;
      }
      self->Admit(std::move(socket));
      self->Accept();
    });
  }

  void BackOff(const error_code& error) {
    ++core->stats.accept_errors;
    if (log_limit.Allow(SystemClock().MonotonicNs())) {
      log::Warn("cannot accept connections", {{"reason", error.message()}, {"suppressed", log_limit.TakeSuppressed()}});
    }
    backoff.expires_after(kAcceptBackoff);
    backoff.async_wait([self = shared_from_this()](const error_code& cancelled) {
      if (!cancelled && self->acceptor.is_open()) self->Accept();
    });
  }

  void Admit(tcp::socket socket) {
    ++core->stats.connections_accepted;
    if (core->stats.connections >= core->limits.max_connections && !EvictIdle()) {
      ++core->stats.rejected[static_cast<int>(RejectReason::kConnections)];
      // Best effort: the socket buffer of a fresh connection has room, and nobody waits for the peer to read it.
      error_code ignored;
      socket.non_blocking(true, ignored);
      socket.write_some(asio::buffer(kBusy), ignored);
      socket.shutdown(tcp::socket::shutdown_send, ignored);
      return;
    }
    StartHttpSession(std::move(socket), core);
  }

  /// A keep-alive connection that does nothing must not keep a new client (a probe!) out.
  bool EvictIdle() {
    HttpSession* oldest = nullptr;
    for (HttpSession* session : core->sessions) {
      if (!session->is_idle()) continue;
      if (oldest == nullptr || session->idle_since_us() < oldest->idle_since_us()) oldest = session;
    }
    if (oldest == nullptr) return false;
    ++core->stats.connections_evicted;
    oldest->Cut();
    return true;
  }

  void Close() {
    error_code ignored;
    acceptor.close(ignored);
    backoff.cancel();
  }

  std::shared_ptr<HttpServerCore> core;
  tcp::acceptor acceptor;
  asio::steady_timer backoff;
  log::RateLimit log_limit;
};

Error ListenError(const ListenAddress& address, const error_code& error) {
  std::string advice = error.message();
  ErrorCode code = ErrorCode::kUnavailable;
  if (error == asio::error::address_in_use) {
    advice =
        "the address is in use: stop the process that listens there (perhaps another tickbird), or choose another "
        "address";
  } else if (error == asio::error::access_denied) {
    code = ErrorCode::kPermissionDenied;
    advice = "permission denied: ports below 1024 need privileges; choose a higher port";
  } else if (error == boost::system::errc::address_not_available) {
    code = ErrorCode::kInvalidArgument;
    advice = "this machine has no such address";
  }
  return {code, "cannot listen on " + address.ToString() + ": " + advice};
}

error_code Bind(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (error) return error;
  acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (endpoint.protocol() == tcp::v6() && endpoint.address().is_unspecified())
    acceptor.set_option(asio::ip::v6_only(false), error);
  acceptor.bind(endpoint, error);
  if (error) return error;
  acceptor.listen(tcp::acceptor::max_listen_connections, error);
  return error;
}

/// Where to try in turn: all interfaces means dual-stack, or IPv4 alone on a machine without IPv6.
std::vector<tcp::endpoint> Endpoints(const ListenAddress& address) {
  if (address.host.empty()) return {{tcp::v6(), address.port}, {tcp::v4(), address.port}};
  error_code error;
  const asio::ip::address ip = asio::ip::make_address(address.host, error);
  if (error) return {};
  return {{ip, address.port}};
}

}  // namespace

/// The listeners are kept beside the core: sessions have no business with them.
struct HttpServer::State : HttpServerCore {
  using HttpServerCore::HttpServerCore;

  void CloseListeners() {
    for (const auto& listener : std::exchange(listeners, {})) listener->Close();
  }
  void CutAll() {
    // A cut session ends later, on its own turn: the set does not change here.
    for (HttpSession* session : sessions) session->Cut();
  }

  std::vector<std::shared_ptr<Listener>> listeners;
  std::unique_ptr<asio::steady_timer> grace;
  std::uint16_t port = 0;
};

HttpServer::HttpServer(IoLoop& loop, std::shared_ptr<const Router> router, HttpLimits limits)
    : state_(std::make_shared<State>(loop, std::move(router), limits)) {}

HttpServer::~HttpServer() {
  state_->CloseListeners();
  state_->CutAll();
}

Status HttpServer::Listen(const ListenAddress& address) {
  const std::vector<tcp::endpoint> endpoints = Endpoints(address);
  if (endpoints.empty())
    return Error{ErrorCode::kInvalidArgument, "cannot listen on " + address.ToString() + ": not an IP address"};
  error_code error;
  for (const tcp::endpoint& endpoint : endpoints) {
    const auto listener = std::make_shared<Listener>(state_);
    error = Bind(listener->acceptor, endpoint);
    if (error == boost::system::errc::address_family_not_supported) continue;
    if (error) break;
    if (state_->port == 0) state_->port = listener->acceptor.local_endpoint().port();
    state_->listeners.push_back(listener);
    listener->Accept();
    return {};
  }
  return ListenError(address, error);
}

std::uint16_t HttpServer::port() const {
  return state_->port;
}

void HttpServer::Stop(DurationMs grace, std::function<void()> stopped) {
  const std::weak_ptr<State> weak = state_;
  state_->CloseListeners();
  state_->grace = std::make_unique<asio::steady_timer>(state_->loop.context(), std::chrono::milliseconds(grace));
  state_->grace->async_wait([weak](const error_code& cancelled) {
    const auto state = weak.lock();
    if (!cancelled && state != nullptr) state->CutAll();
  });
  state_->tasks.Close([weak, stopped = std::move(stopped)] {
    const auto state = weak.lock();
    if (state == nullptr) return;
    state->grace->cancel();
    // Posted: the last session is still on the stack here.
    state->loop.Post(stopped);
  });
  for (HttpSession* session : state_->sessions) session->Finish();
}

HttpStats HttpServer::stats() const {
  return state_->stats;
}

}  // namespace tickbird::net
