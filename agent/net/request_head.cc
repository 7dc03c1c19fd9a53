#include "agent/net/request_head.h"

#include <algorithm>
#include <utility>

#include "core/base/strings.h"

namespace tickbird::net {
namespace {

Rejection Ambiguous(std::string message) {
  return {400, RejectReason::kAmbiguous, std::move(message)};
}
Rejection Malformed(std::string message) {
  return {400, RejectReason::kMalformed, std::move(message)};
}

const std::string* Only(const Parameters& headers, std::string_view name, int& count) {
  const std::string* found = nullptr;
  count = 0;
  for (const auto& [key, value] : headers) {
    if (key != name) continue;
    ++count;
    found = &value;
  }
  return found;
}

bool IsDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<Rejection> CheckFraming(const RequestHead& head) {
  int lengths = 0;
  int encodings = 0;
  const std::string* length = Only(head.headers, "content-length", lengths);
  const std::string* encoding = Only(head.headers, "transfer-encoding", encodings);
  if (length != nullptr && encoding != nullptr) return Ambiguous("both Content-Length and Transfer-Encoding are given");
  if (lengths > 1) return Ambiguous("Content-Length is given more than once");
  if (length != nullptr && !IsDigits(*length)) return Ambiguous("Content-Length is not a number");
  if (encoding == nullptr) return std::nullopt;
  if (head.version < 11) return Ambiguous("Transfer-Encoding is not part of HTTP/1.0");
  if (encodings > 1 || !EqualsIgnoreCase(*encoding, "chunked"))
    return Ambiguous("Transfer-Encoding must be exactly \"chunked\"");
  return std::nullopt;
}

std::optional<Rejection> CheckHost(const RequestHead& head) {
  int hosts = 0;
  const std::string* host = Only(head.headers, "host", hosts);
  if (hosts > 1) return Ambiguous("Host is given more than once");
  if (host == nullptr && head.version >= 11) return Malformed("HTTP/1.1 needs a Host header");
  if (host != nullptr && host->find_first_of(" \t/@,") != std::string::npos)
    return Malformed("Host is not a host and port");
  return std::nullopt;
}

/// "http://host:port/path?query" -> "/path?query", for the requests that a proxy-minded client sends.
std::string_view OriginForm(std::string_view target) {
  if (!target.starts_with("http://") && !target.starts_with("https://")) return target;
  const std::size_t authority = target.find("://") + 3;
  const std::size_t path = target.find_first_of("/?", authority);
  return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

bool HasConnectionOption(const RequestHead& head, std::string_view option) {
  for (const auto& [key, value] : head.headers) {
    if (key != "connection") continue;
    const std::vector<std::string_view> options = Split(value, ',');
    if (std::any_of(options.begin(), options.end(), [&](auto each) { return EqualsIgnoreCase(Trim(each), option); }))
      return true;
  }
  return false;
}

bool IsForm(std::string_view content_type) {
  return EqualsIgnoreCase(Trim(content_type.substr(0, content_type.find(';'))), "application/x-www-form-urlencoded");
}

Rejection ParameterRejection(const Error& error) {
  return Malformed("parameters: " + error.message);
}

}  // namespace

std::string_view RejectReasonName(RejectReason reason) {
  switch (reason) {
    case RejectReason::kMalformed:
      return "malformed";
    case RejectReason::kAmbiguous:
      return "ambiguous";
    case RejectReason::kHeaderTooLarge:
      return "header_too_large";
    case RejectReason::kUriTooLong:
      return "uri_too_long";
    case RejectReason::kBodyTooLarge:
      return "body_too_large";
    case RejectReason::kTimeout:
      return "timeout";
    case RejectReason::kConnections:
      return "connections";
  }
  return "malformed";
}

std::optional<Rejection> CheckHead(const RequestHead& head, const HttpLimits& limits) {
  if (head.target.size() > limits.max_uri_bytes) {
    return Rejection{
        414, RejectReason::kUriTooLong,
        "the URL is longer than " + std::to_string(limits.max_uri_bytes) + " bytes; send the query as a POST form"};
  }
  if (std::optional<Rejection> rejection = CheckFraming(head)) return rejection;
  if (std::optional<Rejection> rejection = CheckHost(head)) return rejection;
  if (!OriginForm(head.target).starts_with('/') && !OriginForm(head.target).starts_with('?')) {
    return Malformed("the request target is not a path");
  }
  return std::nullopt;
}

std::optional<Rejection> BuildRequest(RequestHead head, HttpRequest& out) {
  std::string_view query = OriginForm(head.target);
  query = query.substr(0, query.find('#'));
  const std::string_view raw_path = TakeUntil(query, '?');
  out.raw_path = raw_path.empty() ? "/" : std::string(raw_path);
  Result<std::string> path = PercentDecode(out.raw_path, false);
  if (!path) return Malformed("path: " + path.error().message);
  Result<Parameters> parameters = ParseQuery(query);
  if (!parameters) return ParameterRejection(parameters.error());
  out.path = std::move(*path);
  out.parameters = std::move(*parameters);
  out.method = std::move(head.method);
  out.headers = std::move(head.headers);
  return std::nullopt;
}

std::optional<Rejection> AddBody(std::string body, HttpRequest& request) {
  request.body = std::move(body);
  if (request.method != "POST" || !IsForm(request.Header("content-type"))) return std::nullopt;
  Result<Parameters> form = ParseQuery(Trim(request.body));
  if (!form) return ParameterRejection(form.error());
  form->insert(form->end(), std::make_move_iterator(request.parameters.begin()),
               std::make_move_iterator(request.parameters.end()));
  request.parameters = std::move(*form);
  return std::nullopt;
}

bool WantsKeepAlive(const RequestHead& head) {
  if (HasConnectionOption(head, "close")) return false;
  return head.version >= 11 || HasConnectionOption(head, "keep-alive");
}

}  // namespace tickbird::net
