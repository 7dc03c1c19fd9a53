#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/clock.h"
#include "core/base/http_client.h"
#include "core/base/result.h"

/// Health checks of things outside, as the configuration says them (`health: { checks: [...] }`).
namespace tickbird::health {

/// HTTP statuses, both ends included.
struct StatusRange {
  int first = 200;
  int last = 299;
  bool Contains(int status) const { return status >= first && status <= last; }
  friend bool operator==(const StatusRange&, const StatusRange&) = default;
};
/// "204", "2xx" or "200-399". kParse.
Result<StatusRange> ParseStatusRange(std::string_view text);

struct HttpCheck {
  std::string url;
  std::string method = "GET";
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<StatusRange> expected_status;  ///< Empty: 200-299.
  std::string body_contains;                 ///< Empty: any body. Looked for in the first 64 KiB.
  bool follow_redirects = false;
  std::string basic_auth_user;
  std::string basic_auth_password;
  TlsOptions tls;
};

struct TcpCheck {
  std::string host;
  int port = 0;
};
/// "host:port", "127.0.0.1:6379", "[::1]:6379". kParse.
Result<TcpCheck> ParseTcpTarget(std::string_view text);

struct CheckSpec {
  std::string name;  ///< Unique.
  std::variant<HttpCheck, TcpCheck> target;
  DurationMs interval = 10 * kSecondMs;  ///< From start to start.
  DurationMs timeout = 5 * kSecondMs;
  bool critical = false;  ///< Down: the agent's aggregate health fails, and it is not ready.
  int rise = 2;           ///< Successes in a row from down to up.
  int fall = 2;           ///< Failures in a row from up to down.
};

/// How one run went.
struct CheckOutcome {
  bool ok = false;
  std::string reason;  ///< Why not, without secrets: "status 503", "no connection".
  double duration_seconds = 0;
};

OutgoingRequest BuildRequest(const HttpCheck& check, DurationMs timeout);
/// What a response, or the lack of one, says. The duration is the caller's.
CheckOutcome JudgeResponse(const HttpCheck& check, const Result<OutgoingResponse>& response);

}  // namespace tickbird::health
