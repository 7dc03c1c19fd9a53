#include "notifiers/channels/http_settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

#include <fmt/core.h>

#include "core/base/strings.h"

namespace tickbird::notify {
namespace {

constexpr std::array<std::string_view, 15> kFields = {
    "http_config.basic_auth.username",
    "http_config.basic_auth.password",
    "http_config.basic_auth.password_file",
    "http_config.authorization.type",
    "http_config.authorization.credentials",
    "http_config.authorization.credentials_file",
    "http_config.bearer_token",
    "http_config.bearer_token_file",
    "http_config.http_headers.",
    "http_config.tls_config.ca_file",
    "http_config.tls_config.server_name",
    "http_config.tls_config.insecure_skip_verify",
    "http_config.follow_redirects",
    "http_config.enable_http2",
    "timeout",
};

constexpr std::array<std::string_view, 11> kUnsupported = {
    "http_config.oauth2.",
    "http_config.proxy_url",
    "http_config.no_proxy",
    "http_config.proxy_from_environment",
    "http_config.proxy_connect_header.",
    "http_config.basic_auth.username_file",
    "http_config.tls_config.ca",
    "http_config.tls_config.cert_file",
    "http_config.tls_config.key_file",
    "http_config.tls_config.min_version",
    "http_config.tls_config.max_version",
};

FailureReason ReasonOf(int status) {
  if (status == 429) return FailureReason::kRateLimited;
  if (status == 401 || status == 403) return FailureReason::kAuthError;
  if (status >= 500) return FailureReason::kServerError;
  if (status >= 400) return FailureReason::kClientError;
  return FailureReason::kOther;
}

SendOutcome InterpretFailure(const Error& error, std::span<const std::string> secrets) {
  std::string text = Redact(error.message, secrets);
  switch (error.code) {
    case ErrorCode::kTimeout:
      return SendOutcome::Retry(FailureReason::kContextDeadlineExceeded, std::move(text));
    case ErrorCode::kCancelled:
      return SendOutcome::Retry(FailureReason::kContextCanceled, std::move(text));
    case ErrorCode::kInvalidArgument:
      return SendOutcome::Final(FailureReason::kOther, std::move(text));
    default:
      return SendOutcome::Retry(FailureReason::kOther, std::move(text));
  }
}

/// The start of an answer's body, on one line.
std::string Excerpt(std::string_view body, std::span<const std::string> secrets) {
  constexpr std::size_t kMost = 200;
  // Redacted before it is cut, or the cut could leave a part of a secret.
  std::string text(Trim(Redact(std::string(body), secrets)).substr(0, kMost));
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e; }, ' ');
  return text;
}

}  // namespace

std::span<const std::string_view> HttpConfigFields() {
  return kFields;
}
std::span<const std::string_view> UnsupportedHttpConfigFields() {
  return kUnsupported;
}

HttpSettings ReadHttpSettings(SpecReader& reader) {
  HttpSettings settings;
  settings.basic_user = reader.Text("http_config.basic_auth.username");
  settings.basic_password = reader.SecretText("http_config.basic_auth.password");
  settings.authorization_type = reader.Text("http_config.authorization.type", "Bearer");
  settings.credentials = reader.SecretText("http_config.authorization.credentials");
  Secret bearer = reader.SecretText("http_config.bearer_token");
  if (!bearer.empty()) {
    if (!settings.credentials.empty())
      reader.Complain("http_config.bearer_token", "two kinds of credentials are given");
    settings.credentials = std::move(bearer);
  }
  if (!settings.credentials.empty() && !settings.basic_user.empty()) {
    reader.Complain("http_config.basic_auth.username", "two kinds of credentials are given");
  }
  settings.headers = reader.Map("http_config.http_headers.");
  for (const auto& [name, value] : settings.headers) {
    if (!IsOneLine(name) || !IsOneLine(value) || name.find_first_of(": ") != std::string::npos) {
      reader.Complain("http_config.http_headers." + name, "a header is not one line of text");
    }
  }
  settings.tls = reader.Tls("http_config.tls_config.");
  settings.timeout = reader.Duration("timeout", settings.timeout);
  // Read for their type. A redirect is never followed with an alert, and the client chooses the protocol's version.
  reader.Bool("http_config.follow_redirects", true);
  reader.Bool("http_config.enable_http2", true);
  return settings;
}

Status HttpSettings::Apply(OutgoingRequest& request, Fs& fs, std::vector<std::string>& secrets) const {
  request.timeout = timeout;
  request.tls = tls;
  for (const auto& header : headers) {
    request.headers.push_back(header);
    secrets.push_back(header.second);
  }
  if (!basic_user.empty()) {
    TICKBIRD_ASSIGN_OR_RETURN(request.basic_auth_password, basic_password.Read(fs));
    request.basic_auth_user = basic_user;
    secrets.push_back(request.basic_auth_password);
  }
  if (!credentials.empty()) {
    TICKBIRD_ASSIGN_OR_RETURN(std::string token, credentials.Read(fs));
    if (!IsOneLine(token)) return Error{ErrorCode::kInvalidArgument, "the credentials are not one line of text"};
    request.headers.emplace_back("Authorization", authorization_type + " " + token);
    secrets.push_back(std::move(token));
  }
  return {};
}

SendOutcome InterpretAnswer(const Result<OutgoingResponse>& answer, TimestampMs now,
                            std::span<const std::string> secrets) {
  if (!answer) return InterpretFailure(answer.error(), secrets);
  const int status = answer->status;
  if (status >= 200 && status < 300) return SendOutcome::Delivered();
  std::string text = fmt::format("answered {}", status);
  if (status >= 300 && status < 400) {
    return SendOutcome::Final(FailureReason::kOther, text + ": redirects are not followed, give the final URL");
  }
  if (const std::string excerpt = Excerpt(answer->body, secrets); !excerpt.empty()) text += ": " + excerpt;
  const bool retry = status >= 500 || status == 408 || status == 425 || status == 429;
  if (!retry) return SendOutcome::Final(ReasonOf(status), std::move(text));
  return SendOutcome::Retry(ReasonOf(status), std::move(text), ParseRetryAfter(answer->Header("retry-after"), now));
}

std::optional<DurationMs> ParseRetryAfter(std::string_view value, TimestampMs now) {
  value = Trim(value);
  if (value.empty()) return std::nullopt;
  if (value.find_first_not_of("0123456789") == std::string_view::npos) {
    std::int64_t seconds = 0;
    const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    constexpr std::int64_t kMost = 366 * 24 * 3600;
    return (code == std::errc() ? std::min(seconds, kMost) : kMost) * kSecondMs;
  }
  // "Sun, 06 Nov 1994 08:49:37 GMT": RFC 9110, section 5.6.7.
  char month[4] = {};
  int day = 0, year = 0, hour = 0, minute = 0, second = 0, used = 0;
  const std::string text(value);
  const int fields = std::sscanf(text.c_str(), "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &day, month, &year,
                                 &hour, &minute, &second, &used);
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto index = kMonths.find(month);
  if (fields != 6 || used != static_cast<int>(text.size()) || index == std::string_view::npos || index % 3 != 0 ||
      month[2] == 0) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(index / 3 + 1)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  const TimestampMs at = ((static_cast<std::int64_t>(days) * 24 + hour) * 60 + minute) * 60'000 + second * kSecondMs;
  return std::max<DurationMs>(at - now, 0);
}

void AppendUrlSecrets(const std::string& url, std::vector<std::string>& secrets) {
  constexpr std::size_t kShortest = 6;  // shorter pieces are words like "alerts", and hardly secret
  secrets.push_back(url);
  std::string_view rest = url;
  if (const auto scheme = rest.find("://"); scheme != std::string_view::npos) rest.remove_prefix(scheme + 3);
  std::string_view host = TakeUntil(rest, '/');
  if (rest.size() >= kShortest) secrets.emplace_back(rest);
  if (const auto at = host.rfind('@'); at != std::string_view::npos) secrets.emplace_back(host.substr(0, at));
  while (!rest.empty()) {
    const std::string_view piece = rest.substr(0, rest.find_first_of("/?&=#"));
    if (piece.size() >= kShortest) secrets.emplace_back(piece);
    rest.remove_prefix(std::min(piece.size() + 1, rest.size()));
  }
}

std::string Redact(std::string text, std::span<const std::string> secrets) {
  for (const std::string& secret : secrets) {
    if (secret.empty()) continue;
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
      text.replace(at, secret.size(), "<secret>");
      at += 8;
    }
  }
  return text;
}

}  // namespace tickbird::notify
