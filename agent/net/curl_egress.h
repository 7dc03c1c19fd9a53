#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "agent/net/io_loop.h"
#include "core/base/http_client.h"
#include "core/base/mail_client.h"

namespace tickbird::net {

/// HTTP and SMTP to the outside, on libcurl and one thread. Both start with the first message, so an agent that sends
/// nothing has neither. Send is thread safe; callbacks come on the I/O thread as http_client.h and mail_client.h
/// promise.
///
/// Bounds: `max_in_flight` messages are on the wire, of these `max_per_host` to one server, so a dead one delays its
/// own messages only. The rest wait, and waiting counts towards the timeout. More than `max_queued` or
/// `max_queued_bytes` waiting: kUnavailable at once. Connections are kept and used again. Proxy variables of the
/// environment are not read.
class CurlEgress final : public HttpClient, public MailClient {
 public:
  struct Options {
    std::size_t max_in_flight = 128;
    std::size_t max_per_host = 8;
    std::size_t max_queued = 16'384;
    std::size_t max_queued_bytes = 64 * 1024 * 1024;
    std::string user_agent = "tickbird";
    std::string library = "libcurl.so.4";
  };
  struct Stats {
    std::size_t waiting = 0;  ///< Accepted and not answered, on the wire included.
    std::uint64_t http_sent = 0;
    std::uint64_t mail_sent = 0;
    std::uint64_t failed = 0;   ///< Callbacks with an Error, all reasons.
    std::uint64_t refused = 0;  ///< Of these, because too many were waiting.
  };

  CurlEgress(IoLoop& loop, Options options);
  explicit CurlEgress(IoLoop& loop) : CurlEgress(loop, Options()) {}
  /// Stops as Shutdown does.
  ~CurlEgress() override;

  void Send(OutgoingRequest request, HttpClient::Callback callback) override;
  void Send(OutgoingMail mail, MailClient::Callback callback) override;

  /// Cancels what is under way (kCancelled) and joins the thread, without waiting for peers or DNS. Idempotent.
  void Shutdown();

  Stats stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tickbird::net
