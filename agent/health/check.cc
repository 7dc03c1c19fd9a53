#include "agent/health/check.h"

#include <algorithm>
#include <charconv>

#include <fmt/core.h>

#include "core/base/strings.h"

namespace tickbird::health {
namespace {

constexpr int kFirstStatus = 100;
constexpr int kLastStatus = 599;

bool ReadInt(std::string_view text, int& number) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc() && end == text.data() + text.size() && !text.empty();
}

bool IsStatus(int status) {
  return status >= kFirstStatus && status <= kLastStatus;
}

}  // namespace

Result<StatusRange> ParseStatusRange(std::string_view text) {
  StatusRange range;
  if (text.size() == 3 && AsciiLower(text.substr(1)) == "xx" && text[0] >= '1' && text[0] <= '5') {
    range.first = (text[0] - '0') * 100;
    range.last = range.first + 99;
    return range;
  }
  std::string_view rest = text;
  const std::string_view first = TakeUntil(rest, '-');
  const std::string_view last = first.size() == text.size() ? first : rest;
  if (ReadInt(first, range.first) && ReadInt(last, range.last) && IsStatus(range.first) && IsStatus(range.last) &&
      range.first <= range.last) {
    return range;
  }
  return Error{ErrorCode::kParse, fmt::format("{} is not an HTTP status: write 204, 2xx or 200-399", Quoted(text))};
}

Result<TcpCheck> ParseTcpTarget(std::string_view text) {
  TcpCheck check;
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && ReadInt(text.substr(colon + 1), check.port) && check.port > 0 &&
      check.port <= 65535) {
    std::string_view host = text.substr(0, colon);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (!host.empty() && (bracketed || host.find_first_of(":[]") == std::string_view::npos)) {
      check.host = host;
      return check;
    }
  }
  return Error{ErrorCode::kParse, fmt::format("{} is not an address: write host:port, or [::1]:port", Quoted(text))};
}

OutgoingRequest BuildRequest(const HttpCheck& check, DurationMs timeout) {
  OutgoingRequest request;
  request.method = check.method;
  request.url = check.url;
  request.headers = check.headers;
  request.timeout = timeout;
  request.follow_redirects = check.follow_redirects;
  request.basic_auth_user = check.basic_auth_user;
  request.basic_auth_password = check.basic_auth_password;
  request.tls = check.tls;
  return request;
}

CheckOutcome JudgeResponse(const HttpCheck& check, const Result<OutgoingResponse>& response) {
  if (!response) return {.ok = false, .reason = response.error().message};
  const int status = response->status;
  const auto& expected = check.expected_status;
  const bool is_expected = expected.empty() ? StatusRange{}.Contains(status)
                                            : std::any_of(expected.begin(), expected.end(),
                                                          [&](const StatusRange& r) { return r.Contains(status); });
  if (!is_expected) return {.ok = false, .reason = fmt::format("status {}", status)};
  if (response->body.find(check.body_contains) == std::string::npos) {
    return {.ok = false, .reason = "the body does not contain the expected text"};
  }
  return {.ok = true, .reason = {}};
}

}  // namespace tickbird::health
