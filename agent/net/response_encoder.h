#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "agent/net/http.h"

namespace tickbird::net {

/// What the encoding of a response needs to know about its request. Small, so that it can travel to a pool thread.
struct ResponseContext {
  bool is_head = false;
  bool accepts_gzip = false;
  bool keep_alive = true;
  bool is_http10 = false;
  int gzip_level = 1;
  std::string if_none_match;
};

/// A response in wire form: `head` with the empty line, and a body that is owned or shared.
struct EncodedResponse {
  int status = 200;
  bool keep_alive = true;
  std::string head;
  std::string owned_body;
  std::shared_ptr<const std::string> shared_body;

  /// What is to be written after the head; empty for HEAD and 304.
  std::string_view Body() const { return shared_body != nullptr ? std::string_view(*shared_body) : owned_body; }
};

/// Writes the status line and the headers, answers 304 to a matching If-None-Match, compresses what is worth it, leaves
/// out the body of HEAD. Handlers' header values lose control characters, so that no label or error text can start a
/// header of its own.
EncodedResponse EncodeResponse(HttpResponse response, const ResponseContext& context, std::int64_t unix_seconds);

/// The head of an event stream: no length, not cached, not buffered by proxies.
std::string EventStreamHead(bool is_http10, std::int64_t unix_seconds);

/// "Sun, 06 Nov 1994 08:49:37 GMT". Source: RFC 9110 section 5.6.7.
std::string HttpDate(std::int64_t unix_seconds);

/// "Not Found" for 404; "Unknown" for what has no name here.
std::string_view ReasonPhrase(int status);

}  // namespace tickbird::net
