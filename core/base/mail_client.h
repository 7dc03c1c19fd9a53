#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/http_client.h"
#include "core/base/result.h"

namespace tickbird {

/// One mail to hand to one SMTP server.
struct OutgoingMail {
  enum class Encryption {
    kNone,         ///< Plain text, and no password is ever sent over it except to loopback.
    kStartTls,     ///< STARTTLS, or failure when the server does not offer it.
    kImplicitTls,  ///< TLS from the first byte (port 465).
  };
  std::string host;
  int port = 25;
  Encryption encryption = Encryption::kStartTls;
  TlsOptions tls;
  std::string hello;     ///< Name for EHLO; empty: the host's.
  std::string username;  ///< Empty: no authentication.
  std::string password;
  std::string from;                     ///< Envelope sender, bare address.
  std::vector<std::string> recipients;  ///< Bare addresses, at least one.
  std::string message;                  ///< RFC 5322: headers and body with CRLF line ends, no dot-stuffing.
  DurationMs timeout = 30 * kSecondMs;
};

/// The callback comes exactly once, on the I/O thread. kUnavailable and kTimeout: worth another try (4xx replies, no
/// connection). kInvalidArgument and kPermissionDenied: final (5xx replies, authentication refused). A message that
/// some recipients refused is delivered to the rest and reported as success with the refused addresses.
class MailClient {
 public:
  struct Outcome {
    std::vector<std::string> refused;
    std::string reply;  ///< The server's last line.
  };
  using Callback = std::function<void(Result<Outcome>)>;
  virtual ~MailClient() = default;
  virtual void Send(OutgoingMail mail, Callback callback) = 0;
};

}  // namespace tickbird
