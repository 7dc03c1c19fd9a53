#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace tickbird::net {

/// Names and values in the order they came; a name may come more than once.
using Parameters = std::vector<std::pair<std::string, std::string>>;

/// One request, decoded and checked for form. A plain value: it may be copied and kept.
struct HttpRequest {
  std::string method;    ///< Upper case. A HEAD request reaches the GET handler as "HEAD".
  std::string path;      ///< Percent-decoded, without the query.
  std::string raw_path;  ///< As sent, for routing: an encoded '/' inside a segment does not split it.
  Parameters
      parameters;  ///< Decoded. For a POST form its fields come first, then those of the URL, as in Go's ParseForm.
  Parameters path_parameters;  ///< What the `{name}` segments of the route matched, decoded.
  Parameters headers;          ///< Names in lower case.
  std::string body;            ///< Unchunked. Kept also when it was a form.
  std::string peer_address;    ///< "127.0.0.1", "::1"; an IPv4 peer on an IPv6 socket is written as IPv4.
  bool from_loopback = false;

  /// The first header of that lower-case name, or "".
  std::string_view Header(std::string_view lower_name) const;
  /// The first query or form parameter of that name, or "".
  std::string_view Parameter(std::string_view name) const;
  bool HasParameter(std::string_view name) const;
  /// All values of a repeated parameter (`match[]`), in order. Views into this request.
  std::vector<std::string_view> ParameterValues(std::string_view name) const;
  /// What the segment `{name}` of the route matched, or "".
  std::string_view PathParameter(std::string_view name) const;
};

/// One response. Either `body`, or `shared_body` for bytes that outlive the response (embedded pages, a cached export).
struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  Parameters headers;  ///< Further headers. Content-Length, Connection, Date and Content-Encoding are the server's.
  std::string body;
  std::shared_ptr<const std::string> shared_body;  ///< Used instead of `body` when set.
  std::shared_ptr<const std::string> shared_gzip;  ///< The same bytes, compressed once; sent to who accepts gzip.
  std::string etag;  ///< Without quotes. Sent as a weak tag; a matching If-None-Match is answered with 304.
};

/// {"status":"error","errorType":TYPE,"error":MESSAGE}, the error body of the Prometheus HTTP API.
HttpResponse ErrorResponse(int status, std::string_view error_type, std::string_view message);
/// Status and errorType by code: kInvalidArgument and kParse 400 bad_data, kNotFound 404 not_found, kTimeout and
/// kCancelled 503 timeout or canceled, kUnavailable 503, kTooLarge and kUnsupported 422 execution, kPermissionDenied
/// 403, else 500.
HttpResponse ErrorResponse(const Error& error);

/// The right to answer one request, once, now or later, from any thread. Copies share it. When the last copy goes
/// without an answer, the client gets 500; when the client has gone or the server has given up waiting, an answer is
/// dropped.
class Responder {
 public:
  using Complete = std::function<void(HttpResponse)>;
  explicit Responder(Complete complete);
  /// Compression happens here, on the calling thread. A second call does nothing.
  void Send(HttpResponse response) const;

 private:
  struct Once;
  std::shared_ptr<Once> once_;
};

using Handler = std::function<HttpResponse(const HttpRequest&)>;
/// The request lives until the responder is used or gone; what is needed later is copied.
using DeferredHandler = std::function<void(const HttpRequest&, Responder)>;

/// May this request change state? It comes from this machine, not through a proxy, was addressed to this machine by a
/// loopback name or address (a page of a rebound DNS name sends its own), and no foreign web page sent it (Origin,
/// Sec-Fetch-Site). An error (kPermissionDenied) says which of these failed.
Status CheckTrustedForWrites(const HttpRequest& request);
inline bool IsTrustedForWrites(const HttpRequest& request) {
  return CheckTrustedForWrites(request).has_value();
}

/// Percent-decodes; a '%' that two hexadecimal digits do not follow is kParse. NUL is refused too.
Result<std::string> PercentDecode(std::string_view text, bool plus_is_space);
/// "a=1&b=x%20y" in order; empty pieces are skipped, a piece without '=' has an empty value. At most 1,000 pieces
/// (kTooLarge).
Result<Parameters> ParseQuery(std::string_view text);

}  // namespace tickbird::net
