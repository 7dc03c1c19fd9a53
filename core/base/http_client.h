#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"

namespace tickbird {

struct TlsOptions {
  std::string ca_file;      ///< Empty: the system's certificates.
  std::string server_name;  ///< Empty: the host of the URL.
  bool insecure_skip_verify = false;
};

/// One HTTP request to somebody else. http and https only; redirects are followed only when asked for, and then
/// credentials stay with the first host.
struct OutgoingRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  DurationMs timeout = 10 * kSecondMs;
  std::size_t max_response_bytes = 64 * 1024;  ///< What is past it is thrown away; the request still succeeds.
  bool follow_redirects = false;
  std::string basic_auth_user;  ///< Empty: none.
  std::string basic_auth_password;
  TlsOptions tls;
};

struct OutgoingResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< Names in lower case.
  std::string body;
  std::int64_t total_us = 0;

  /// The first header of that lower-case name, or "".
  std::string_view Header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return value;
    }
    return {};
  }
};

/// Sends without blocking. The callback comes exactly once, on the I/O thread, also after Shutdown (kCancelled). Any
/// status is a response, not an error. Errors: kTimeout, kUnavailable (no connection, TLS, reset), kInvalidArgument
/// (URL). Error texts hold no URL paths, queries or credentials.
class HttpClient {
 public:
  using Callback = std::function<void(Result<OutgoingResponse>)>;
  virtual ~HttpClient() = default;
  virtual void Send(OutgoingRequest request, Callback callback) = 0;
};

}  // namespace tickbird
