#include "agent/net/http.h"

#include <gtest/gtest.h>

#include <optional>

namespace tickbird::net {
namespace {

HttpRequest LocalRequest(Parameters headers) {
  HttpRequest request;
  request.method = "POST";
  request.headers = std::move(headers);
  request.peer_address = "127.0.0.1";
  request.from_loopback = true;
  return request;
}

TEST(ParseQuery, DecodesInOrder) {
  const Result<Parameters> query = ParseQuery("match[]=up&match%5B%5D=a%2Bb+c&flag&&empty=&x=1=2");
  ASSERT_TRUE(query);
  EXPECT_EQ(*query, (Parameters{{"match[]", "up"}, {"match[]", "a+b c"}, {"flag", ""}, {"empty", ""}, {"x", "1=2"}}));
  EXPECT_TRUE(ParseQuery("")->empty());
}

TEST(ParseQuery, RefusesBadEncodingAndFloods) {
  for (const char* text : {"a=%", "a=%2", "a=%zz", "%g0=1", "a=%00"}) {
    const Result<Parameters> query = ParseQuery(text);
    ASSERT_FALSE(query) << text;
    EXPECT_EQ(query.error().code, ErrorCode::kParse) << text;
  }
  std::string flood;
  for (int i = 0; i < 1001; ++i) flood += "a=1&";
  EXPECT_EQ(ParseQuery(flood).error().code, ErrorCode::kTooLarge);
}

TEST(PercentDecode, KeepsPlusInPaths) {
  EXPECT_EQ(*PercentDecode("a+b%20c", false), "a+b c");
  EXPECT_EQ(*PercentDecode("a+b%20c", true), "a b c");
}

TEST(HttpRequest, FindsRepeatedParameters) {
  HttpRequest request;
  request.parameters = {{"match[]", "a"}, {"time", "1"}, {"match[]", "b"}};
  EXPECT_EQ(request.Parameter("match[]"), "a");
  EXPECT_EQ(request.ParameterValues("match[]"), (std::vector<std::string_view>{"a", "b"}));
  EXPECT_TRUE(request.HasParameter("time"));
  EXPECT_FALSE(request.HasParameter("step"));
  EXPECT_EQ(request.Parameter("step"), "");
}

TEST(ErrorResponse, IsPrometheusJson) {
  const HttpResponse response = ErrorResponse(Error{ErrorCode::kParse, "unexpected \"}\""});
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.body, R"({"status":"error","errorType":"bad_data","error":"unexpected \"}\""})");
  EXPECT_EQ(ErrorResponse(Error{ErrorCode::kNotFound, ""}).status, 404);
  EXPECT_EQ(ErrorResponse(Error{ErrorCode::kUnsupported, ""}).status, 422);
  EXPECT_EQ(ErrorResponse(Error{ErrorCode::kTimeout, ""}).status, 503);
  EXPECT_EQ(ErrorResponse(Error{ErrorCode::kInternal, ""}).status, 500);
}

TEST(CheckTrustedForWrites, AcceptsThisMachine) {
  EXPECT_TRUE(IsTrustedForWrites(LocalRequest({{"host", "127.0.0.1:9797"}})));
  EXPECT_TRUE(IsTrustedForWrites(LocalRequest({{"host", "LocalHost:9797"}})));
  EXPECT_TRUE(IsTrustedForWrites(LocalRequest({{"host", "[::1]:9797"}})));
  EXPECT_TRUE(IsTrustedForWrites(LocalRequest({})));
  EXPECT_TRUE(IsTrustedForWrites(LocalRequest(
      {{"host", "localhost:9797"}, {"origin", "http://localhost:9797"}, {"sec-fetch-site", "same-origin"}})));
}

TEST(CheckTrustedForWrites, RefusesEverybodyElse) {
  struct Case {
    Parameters headers;
    const char* reason;
  };
  const Case cases[] = {
      {{{"host", "evil.example:9797"}, {"origin", "http://evil.example:9797"}},
       "not localhost"},  // A rebound DNS name.
      {{{"host", "127.0.0.1.evil.example"}}, "not localhost"},
      {{{"host", "localhost:9797"}, {"origin", "http://evil.example"}}, "another origin"},
      {{{"host", "localhost:9797"}, {"origin", "null"}}, "another origin"},
      {{{"host", "localhost:9797"}, {"origin", "http://localhost:8000"}}, "another origin"},
      {{{"host", "localhost:9797"}, {"sec-fetch-site", "cross-site"}}, "another site"},
      {{{"host", "localhost"}, {"x-forwarded-for", "203.0.113.9"}}, "proxy"},
  };
  for (const Case& c : cases) {
    const Status status = CheckTrustedForWrites(LocalRequest(c.headers));
    ASSERT_FALSE(status) << c.reason;
    EXPECT_EQ(status.error().code, ErrorCode::kPermissionDenied);
    EXPECT_NE(status.error().message.find(c.reason), std::string::npos) << status.error().message;
  }
  HttpRequest remote = LocalRequest({{"host", "localhost"}});
  remote.from_loopback = false;
  EXPECT_FALSE(IsTrustedForWrites(remote));
}

TEST(Responder, AnswersOnceAndNeverNot) {
  int answers = 0;
  HttpResponse last;
  const auto complete = [&](HttpResponse response) {
    ++answers;
    last = std::move(response);
  };
  {
    const Responder responder(complete);
    const Responder copy = responder;
    copy.Send({.status = 204});
    responder.Send({.status = 200});
  }
  EXPECT_EQ(answers, 1);
  EXPECT_EQ(last.status, 204);
  {
    const Responder forgotten(complete);
  }
  EXPECT_EQ(answers, 2);
  EXPECT_EQ(last.status, 500);
}

}  // namespace
}  // namespace tickbird::net
