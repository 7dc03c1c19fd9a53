#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "agent/net/curl_api.h"
#include "core/base/http_client.h"
#include "core/base/mail_client.h"

namespace tickbird::net {

/// One message on its way out. Made by the sender, then owned and called by the egress thread alone.
class CurlTransfer {
 public:
  using Time = std::chrono::steady_clock::time_point;
  virtual ~CurlTransfer() = default;

  /// Checks the message without touching the network, and fills `host_key` and `label`.
  virtual Status Plan(const CurlApi& api) = 0;
  /// Sets what the message asks for. Timeouts and safety come from the egress.
  virtual Status Prepare(CurlEasy& easy) = 0;
  /// Exactly one of these is called, once.
  virtual void Finish(CurlEasy& easy, CURLcode code) = 0;
  virtual void Fail(Error error) = 0;
  virtual std::size_t bytes() const = 0;

  /// "https://host:443": messages with the same key share a quota and connections.
  std::string host_key;
  /// "host:443", the only part of the address that error texts show.
  std::string label;
  Time deadline;
  DurationMs timeout = 0;
  std::unique_ptr<CurlEasy> easy;                  ///< While it runs.
  std::array<char, CURL_ERROR_SIZE> error_text{};  ///< Written by libcurl.
  bool is_done = false;                            ///< Failed while it waited; skipped when its turn comes.

 protected:
  /// The reason as text: libcurl's own where it names nothing but host, port and certificate, else the general one.
  std::string Explain(const CurlApi& api, CURLcode code) const;
  /// The Error of a failed code that needs no more thought.
  Error ErrorFor(const CurlApi& api, CURLcode code) const;
};

/// Where the result goes: called on the egress thread, posts to the I/O thread.
using HttpResult = std::function<void(Result<OutgoingResponse>)>;
using MailResult = std::function<void(Result<MailClient::Outcome>)>;

std::unique_ptr<CurlTransfer> MakeHttpTransfer(OutgoingRequest request, std::string user_agent, HttpResult done);
std::unique_ptr<CurlTransfer> MakeMailTransfer(OutgoingMail mail, MailResult done);

/// Certificates and the name to check. The server name itself is part of the URL (CurlUrl).
void ApplyTls(CurlEasy& easy, const TlsOptions& tls);

/// A URL taken apart by libcurl's own parser, so that what is checked is what is sent.
struct CurlUrl {
  std::string scheme;
  std::string host;  ///< IPv6 in brackets.
  std::string port;  ///< Always set, also when it is the scheme's own.
  bool has_credentials = false;
  /// The URL to give to libcurl, and `connect_to` beside it when another server name is to be checked than that of the
  /// host to connect to: the URL then names the server, and connect_to the host.
  std::string url;
  std::string connect_to;
};
/// kInvalidArgument, without quoting the URL: it may hold secrets.
Result<CurlUrl> ParseCurlUrl(const CurlApi& api, const std::string& url, const std::string& server_name);

}  // namespace tickbird::net
