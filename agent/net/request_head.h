#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/net/http.h"
#include "agent/net/http_limits.h"

namespace tickbird::net {

/// A request line and its fields, split but not yet judged. Names in lower case.
struct RequestHead {
  std::string method;
  std::string target;
  int version = 11;  ///< 10 or 11.
  Parameters headers;
};

enum class RejectReason {
  kMalformed,       ///< Not HTTP, or a target, form or host that cannot be read. 400, 505
  kAmbiguous,       ///< Framing that two servers could read differently (request smuggling). 400
  kHeaderTooLarge,  ///< 431
  kUriTooLong,      ///< 414
  kBodyTooLarge,    ///< 413
  kTimeout,         ///< 408
  kConnections,     ///< 503 at accept
};
inline constexpr int kRejectReasons = 7;
/// "malformed", "ambiguous", ...: the label of the metric.
std::string_view RejectReasonName(RejectReason reason);

/// A request that does not reach a handler. The connection closes after the answer.
struct Rejection {
  int status = 400;
  RejectReason reason = RejectReason::kMalformed;
  std::string message;
};

/// The checks that keep the meaning of a request beyond doubt: one Host (1.1), at most one Content-Length that is
/// digits only, never together with Transfer-Encoding, which may only be "chunked" and only in 1.1; a target in origin
/// or absolute form. Source: RFC 9112 sections 3.2, 6.1, 6.3 and 11.2. Beast 1.81 alone lets several of these through.
std::optional<Rejection> CheckHead(const RequestHead& head, const HttpLimits& limits);

/// The head as handlers see it, with path and query decoded. Rejects bad percent-encoding. REQUIRES: CheckHead found
/// nothing.
std::optional<Rejection> BuildRequest(RequestHead head, HttpRequest& out);

/// Adds the body, and for a POST form its fields in front of the parameters.
std::optional<Rejection> AddBody(std::string body, HttpRequest& request);

/// True when the client wants the connection kept: by default in 1.1, on request in 1.0.
bool WantsKeepAlive(const RequestHead& head);

}  // namespace tickbird::net
