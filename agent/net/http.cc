#include "agent/net/http.h"

#include <atomic>

#include "core/base/json_writer.h"
#include "core/base/strings.h"

namespace tickbird::net {
namespace {

constexpr std::size_t kMaxParameters = 1000;

std::string_view FindFirst(const Parameters& parameters, std::string_view name) {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return {};
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// "host:port", "[::1]:port", "host" -> host in lower case without brackets.
std::string HostOfAuthority(std::string_view authority) {
  if (authority.starts_with('[')) return AsciiLower(authority.substr(1, authority.find(']') - 1));
  return AsciiLower(authority.substr(0, authority.find(':')));
}

/// Any name under "localhost" is loopback by RFC 6761; a name that merely resolves to 127.0.0.1 is not.
bool IsLoopbackName(std::string_view host) {
  if (host == "localhost" || host.ends_with(".localhost") || host == "::1") return true;
  const bool is_ipv4 = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return is_ipv4 && host.starts_with("127.");
}

Error Untrusted(std::string_view why) {
  return {ErrorCode::kPermissionDenied, "changes are accepted from this machine only: " + std::string(why)};
}

}  // namespace

std::string_view HttpRequest::Header(std::string_view lower_name) const {
  return FindFirst(headers, lower_name);
}
std::string_view HttpRequest::Parameter(std::string_view name) const {
  return FindFirst(parameters, name);
}
std::string_view HttpRequest::PathParameter(std::string_view name) const {
  return FindFirst(path_parameters, name);
}

bool HttpRequest::HasParameter(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return true;
  }
  return false;
}

std::vector<std::string_view> HttpRequest::ParameterValues(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : parameters) {
    if (key == name) values.push_back(value);
  }
  return values;
}

HttpResponse ErrorResponse(int status, std::string_view error_type, std::string_view message) {
  JsonWriter json;
  json.BeginObject()
      .Key("status")
      .String("error")
      .Key("errorType")
      .String(error_type)
      .Key("error")
      .String(message)
      .EndObject();
  return {.status = status, .body = std::move(json).Take()};
}

HttpResponse ErrorResponse(const Error& error) {
  const std::string text = error.ToString();
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kParse:
    case ErrorCode::kOutOfBounds:
      return ErrorResponse(400, "bad_data", text);
    case ErrorCode::kNotFound:
      return ErrorResponse(404, "not_found", text);
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kDuplicate:
      return ErrorResponse(409, "bad_data", text);
    case ErrorCode::kTooLarge:
    case ErrorCode::kUnsupported:
    case ErrorCode::kOutOfOrder:
      return ErrorResponse(422, "execution", text);
    case ErrorCode::kPermissionDenied:
      return ErrorResponse(403, "forbidden", text);
    case ErrorCode::kTimeout:
      return ErrorResponse(503, "timeout", text);
    case ErrorCode::kCancelled:
      return ErrorResponse(503, "canceled", text);
    case ErrorCode::kUnavailable:
      return ErrorResponse(503, "unavailable", text);
    case ErrorCode::kCorruption:
    case ErrorCode::kInternal:
      break;
  }
  return ErrorResponse(500, "internal", text);
}

struct Responder::Once {
  explicit Once(Complete given) : complete(std::move(given)) {}
  ~Once() { Use(ErrorResponse(500, "internal", "the handler ended without an answer")); }

  void Use(HttpResponse response) {
    if (used.exchange(true)) return;
    complete(std::move(response));
  }

  Complete complete;
  std::atomic<bool> used = false;
};

Responder::Responder(Complete complete) : once_(std::make_shared<Once>(std::move(complete))) {}

void Responder::Send(HttpResponse response) const {
  once_->Use(std::move(response));
}

Status CheckTrustedForWrites(const HttpRequest& request) {
  if (!request.from_loopback) return Untrusted("the request came over the network");
  for (const std::string_view proxy_header : {"forwarded", "x-forwarded-for", "x-real-ip"}) {
    if (!request.Header(proxy_header).empty()) return Untrusted("the request came through a proxy");
  }
  const std::string_view host = request.Header("host");
  if (!host.empty() && !IsLoopbackName(HostOfAuthority(host))) {
    return Untrusted("it was addressed to a name that is not localhost");
  }
  const std::string_view site = request.Header("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") return Untrusted("a page of another site sent it");
  const std::string_view origin = request.Header("origin");
  if (!origin.empty() && origin != "http://" + std::string(host) && origin != "https://" + std::string(host)) {
    return Untrusted("a page of another origin sent it");
  }
  return {};
}

Result<std::string> PercentDecode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus_is_space) c = ' ';
    if (c == '%') {
      const int high = i + 1 < text.size() ? HexDigit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return Error{ErrorCode::kParse, "invalid percent-encoding " + Quoted(text.substr(i, 3))};
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return Error{ErrorCode::kParse, "a NUL byte is not allowed here"};
    out += c;
  }
  return out;
}

Result<Parameters> ParseQuery(std::string_view text) {
  Parameters parameters;
  while (!text.empty()) {
    std::string_view piece = TakeUntil(text, '&');
    if (piece.empty()) continue;
    if (parameters.size() == kMaxParameters) return Error{ErrorCode::kTooLarge, "more than 1000 parameters"};
    const std::string_view name = TakeUntil(piece, '=');
    TICKBIRD_ASSIGN_OR_RETURN(std::string decoded_name, PercentDecode(name, true));
    TICKBIRD_ASSIGN_OR_RETURN(std::string decoded_value, PercentDecode(piece, true));
    parameters.emplace_back(std::move(decoded_name), std::move(decoded_value));
  }
  return parameters;
}

}  // namespace tickbird::net
