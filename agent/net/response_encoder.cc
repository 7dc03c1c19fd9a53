#include "agent/net/response_encoder.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "agent/net/encoding.h"
#include "core/base/strings.h"

namespace tickbird::net {
namespace {

void AppendHeader(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  for (const char c : value) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) out += c;
  }
  out += "\r\n";
}

std::string StatusLine(int status, bool is_http10) {
  std::string line = is_http10 ? "HTTP/1.0 " : "HTTP/1.1 ";
  line += std::to_string(status);
  line += ' ';
  line += ReasonPhrase(status);
  line += "\r\n";
  return line;
}

/// Weak comparison, as If-None-Match asks for: the W/ does not count. Source: RFC 9110 section 13.1.2.
bool MatchesEtag(std::string_view if_none_match, std::string_view etag) {
  if (Trim(if_none_match) == "*") return true;
  while (!if_none_match.empty()) {
    std::string_view tag = Trim(TakeUntil(if_none_match, ','));
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag.size() == etag.size() + 2 && tag.starts_with('"') && tag.ends_with('"') &&
        tag.substr(1, etag.size()) == etag) {
      return true;
    }
  }
  return false;
}

/// Chooses the bytes to send; true when they are gzip.
bool ChooseBody(HttpResponse& response, const ResponseContext& context, EncodedResponse& out) {
  if (context.accepts_gzip && response.shared_gzip != nullptr) {
    out.shared_body = std::move(response.shared_gzip);
    return true;
  }
  out.shared_body = std::move(response.shared_body);
  out.owned_body = std::move(response.body);
  const std::string_view plain = out.Body();
  if (!context.accepts_gzip || plain.size() < kMinGzipBytes || !IsCompressible(response.content_type)) return false;
  out.owned_body = Gzip(plain, context.gzip_level);
  out.shared_body = nullptr;
  return true;
}

}  // namespace

std::string HttpDate(std::int64_t unix_seconds) {
  const std::time_t seconds = unix_seconds;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  // The agent never calls setlocale, so the names are English.
  return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc)};
}

EncodedResponse EncodeResponse(HttpResponse response, const ResponseContext& context, std::int64_t unix_seconds) {
  EncodedResponse out;
  out.keep_alive = context.keep_alive;
  const bool unchanged =
      response.status == 200 && !response.etag.empty() && MatchesEtag(context.if_none_match, response.etag);
  out.status = unchanged ? 304 : response.status;
  const bool may_vary = response.shared_gzip != nullptr || IsCompressible(response.content_type);
  const bool has_body = !unchanged && response.status != 204;
  const bool is_gzip = has_body && ChooseBody(response, context, out);

  out.head = StatusLine(out.status, context.is_http10);
  AppendHeader(out.head, "Date", HttpDate(unix_seconds));
  if (has_body) {
    AppendHeader(out.head, "Content-Type", response.content_type);
    AppendHeader(out.head, "Content-Length", std::to_string(out.Body().size()));
  }
  if (is_gzip) AppendHeader(out.head, "Content-Encoding", "gzip");
  if (may_vary) AppendHeader(out.head, "Vary", "Accept-Encoding");
  if (!response.etag.empty()) AppendHeader(out.head, "ETag", "W/\"" + response.etag + '"');
  AppendHeader(out.head, "X-Content-Type-Options", "nosniff");
  if (!context.keep_alive) AppendHeader(out.head, "Connection", "close");
  if (context.keep_alive && context.is_http10) AppendHeader(out.head, "Connection", "keep-alive");
  for (const auto& [name, value] : response.headers) AppendHeader(out.head, name, value);
  out.head += "\r\n";
  if (context.is_head) {
    out.owned_body.clear();
    out.shared_body = nullptr;
  }
  return out;
}

std::string EventStreamHead(bool is_http10, std::int64_t unix_seconds) {
  std::string head = StatusLine(200, is_http10);
  AppendHeader(head, "Date", HttpDate(unix_seconds));
  AppendHeader(head, "Content-Type", "text/event-stream");
  AppendHeader(head, "Cache-Control", "no-store");
  AppendHeader(head, "X-Accel-Buffering", "no");
  AppendHeader(head, "X-Content-Type-Options", "nosniff");
  AppendHeader(head, "Connection", "close");
  head += "\r\n";
  return head;
}

std::string_view ReasonPhrase(int status) {
  struct Phrase {
    int status;
    std::string_view text;
  };
  static constexpr Phrase kPhrases[] = {{200, "OK"},
                                        {201, "Created"},
                                        {202, "Accepted"},
                                        {204, "No Content"},
                                        {304, "Not Modified"},
                                        {307, "Temporary Redirect"},
                                        {308, "Permanent Redirect"},
                                        {400, "Bad Request"},
                                        {401, "Unauthorized"},
                                        {403, "Forbidden"},
                                        {404, "Not Found"},
                                        {405, "Method Not Allowed"},
                                        {406, "Not Acceptable"},
                                        {408, "Request Timeout"},
                                        {409, "Conflict"},
                                        {410, "Gone"},
                                        {413, "Content Too Large"},
                                        {414, "URI Too Long"},
                                        {415, "Unsupported Media Type"},
                                        {422, "Unprocessable Content"},
                                        {429, "Too Many Requests"},
                                        {431, "Request Header Fields Too Large"},
                                        {500, "Internal Server Error"},
                                        {501, "Not Implemented"},
                                        {503, "Service Unavailable"},
                                        {505, "HTTP Version Not Supported"}};
  const auto* found =
      std::find_if(std::begin(kPhrases), std::end(kPhrases), [&](const Phrase& p) { return p.status == status; });
  return found == std::end(kPhrases) ? "Unknown" : found->text;
}

}  // namespace tickbird::net
