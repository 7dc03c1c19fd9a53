#include "agent/net/response_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tickbird::net {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::int64_t kNow = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT

HttpResponse Text(std::string body) {
  return {.content_type = "text/plain", .body = std::move(body)};
}

TEST(EncodeResponse, WritesStatusHeadersAndLength) {
  const EncodedResponse encoded = EncodeResponse(Text("hello"), {}, kNow);
  EXPECT_THAT(encoded.head, StartsWith("HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
  EXPECT_THAT(encoded.head, HasSubstr("Content-Type: text/plain\r\nContent-Length: 5\r\n"));
  EXPECT_THAT(encoded.head, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
  EXPECT_TRUE(encoded.head.ends_with("\r\n\r\n"));
  EXPECT_THAT(encoded.head, Not(HasSubstr("Connection:")));
  EXPECT_EQ(encoded.Body(), "hello");
}

TEST(EncodeResponse, SaysHowTheConnectionGoesOn) {
  EXPECT_THAT(EncodeResponse(Text(""), {.keep_alive = false}, kNow).head, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(EncodeResponse(Text(""), {.is_http10 = true}, kNow).head, HasSubstr("Connection: keep-alive\r\n"));
}

TEST(EncodeResponse, HeadHasTheLengthButNoBody) {
  const EncodedResponse encoded = EncodeResponse(Text("hello"), {.is_head = true}, kNow);
  EXPECT_THAT(encoded.head, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_EQ(encoded.Body(), "");
}

TEST(EncodeResponse, CompressesWhatIsWorthIt) {
  const std::string big(5000, 'a');
  const ResponseContext gzip{.accepts_gzip = true};
  EXPECT_THAT(EncodeResponse(Text(big), gzip, kNow).head, HasSubstr("Content-Encoding: gzip\r\n"));
  EXPECT_LT(EncodeResponse(Text(big), gzip, kNow).Body().size(), 100u);
  EXPECT_EQ(EncodeResponse(Text(big), {}, kNow).Body(), big);
  EXPECT_THAT(EncodeResponse(Text(big), {}, kNow).head, HasSubstr("Vary: Accept-Encoding\r\n"));
  EXPECT_EQ(EncodeResponse(Text(std::string(1023, 'a')), gzip, kNow).Body().size(), 1023u);
  EXPECT_EQ(EncodeResponse({.content_type = "image/png", .body = big}, gzip, kNow).Body(), big);
}

TEST(EncodeResponse, SendsPrecompressedBytesAsTheyAre) {
  const auto plain = std::make_shared<const std::string>("plain");
  const auto small = std::make_shared<const std::string>("gz");
  const HttpResponse asset{.content_type = "text/css", .shared_body = plain, .shared_gzip = small};
  EXPECT_EQ(EncodeResponse(asset, {.accepts_gzip = true}, kNow).Body(), "gz");
  EXPECT_EQ(EncodeResponse(asset, {}, kNow).Body().data(), plain->data());
}

TEST(EncodeResponse, AnswersAKnownEtagWithoutABody) {
  HttpResponse asset = Text("hello");
  asset.etag = "abc";
  asset.headers = {{"Cache-Control", "no-cache"}};
  for (const char* known : {"\"abc\"", "W/\"abc\"", "\"x\", W/\"abc\"", "*"}) {
    const EncodedResponse encoded = EncodeResponse(asset, {.if_none_match = known}, kNow);
    EXPECT_EQ(encoded.status, 304) << known;
    EXPECT_EQ(encoded.Body(), "") << known;
    EXPECT_THAT(encoded.head, Not(HasSubstr("Content-Length")));
    EXPECT_THAT(encoded.head, HasSubstr("Cache-Control: no-cache\r\n"));
    EXPECT_THAT(encoded.head, HasSubstr("ETag: W/\"abc\"\r\n"));
  }
  for (const char* other : {"", "\"abcd\"", "abc", "\"\""})
    EXPECT_EQ(EncodeResponse(asset, {.if_none_match = other}, kNow).status, 200);
}

TEST(EncodeResponse, LetsNoHeaderValueStartAnotherHeader) {
  HttpResponse response = Text("");
  response.headers = {{"Location", "/a\r\nSet-Cookie: x=1\r\n\r\n<script>"}};
  const EncodedResponse encoded = EncodeResponse(response, {}, kNow);
  EXPECT_THAT(encoded.head, HasSubstr("Location: /aSet-Cookie: x=1<script>\r\n"));
}

TEST(EncodeResponse, NoContentHasNoLength) {
  EXPECT_THAT(EncodeResponse({.status = 204}, {}, kNow).head, Not(HasSubstr("\r\nContent-")));
}

}  // namespace
}  // namespace tickbird::net
