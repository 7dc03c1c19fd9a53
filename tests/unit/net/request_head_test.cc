#include "agent/net/request_head.h"

#include <gtest/gtest.h>

namespace tickbird::net {
namespace {

RequestHead Head(Parameters headers, int version = 11, std::string target = "/") {
  headers.emplace_back("host", "localhost");
  return {.method = "POST", .target = std::move(target), .version = version, .headers = std::move(headers)};
}

TEST(CheckHead, RefusesAmbiguousFraming) {
  struct Case {
    const char* name;
    RequestHead head;
  };
  const Case cases[] = {
      {"length and encoding", Head({{"content-length", "4"}, {"transfer-encoding", "chunked"}})},
      {"two lengths", Head({{"content-length", "4"}, {"content-length", "4"}})},
      {"list of lengths", Head({{"content-length", "4, 4"}})},
      {"signed length", Head({{"content-length", "+4"}})},
      {"empty length", Head({{"content-length", ""}})},
      {"encoding list", Head({{"transfer-encoding", "gzip, chunked"}})},
      {"encoding unknown", Head({{"transfer-encoding", "xchunked"}})},
      {"encoding identity", Head({{"transfer-encoding", "identity"}})},
      {"two encodings", Head({{"transfer-encoding", "chunked"}, {"transfer-encoding", "chunked"}})},
      {"encoding in 1.0", Head({{"transfer-encoding", "chunked"}}, 10)},
      {"two hosts", Head({{"host", "b"}})},
  };
  for (const Case& c : cases) {
    const auto rejection = CheckHead(c.head, {});
    ASSERT_TRUE(rejection) << c.name;
    EXPECT_EQ(rejection->status, 400) << c.name;
    EXPECT_EQ(rejection->reason, RejectReason::kAmbiguous) << c.name;
  }
}

TEST(CheckHead, AcceptsOrdinaryFraming) {
  EXPECT_FALSE(CheckHead(Head({}), {}));
  EXPECT_FALSE(CheckHead(Head({{"content-length", "0"}}), {}));
  EXPECT_FALSE(CheckHead(Head({{"transfer-encoding", "Chunked"}}), {}));
  EXPECT_FALSE(CheckHead({.method = "GET", .target = "/", .version = 10, .headers = {}}, {}));
}

TEST(CheckHead, NeedsAHostThatIsOne) {
  EXPECT_EQ(CheckHead({.method = "GET", .target = "/", .version = 11, .headers = {}}, {})->status, 400);
  EXPECT_EQ(CheckHead({.method = "GET", .target = "/", .version = 11, .headers = {{"host", "a@b"}}}, {})->status, 400);
}

TEST(CheckHead, LimitsTheTarget) {
  HttpLimits limits;
  limits.max_uri_bytes = 10;
  EXPECT_FALSE(CheckHead(Head({}, 11, "/123456789"), limits));
  EXPECT_EQ(CheckHead(Head({}, 11, "/1234567890"), limits)->status, 414);
  for (const char* target : {"*", "example.org:443", "ftp://x/"})
    EXPECT_EQ(CheckHead(Head({}, 11, target), {})->status, 400) << target;
}

TEST(BuildRequest, DecodesPathAndQuery) {
  HttpRequest request;
  ASSERT_FALSE(BuildRequest(Head({}, 11, "/a%2Fb/c%20d?q=1%2B1#part"), request));
  EXPECT_EQ(request.raw_path, "/a%2Fb/c%20d");
  EXPECT_EQ(request.path, "/a/b/c d");
  EXPECT_EQ(request.Parameter("q"), "1+1");
  EXPECT_EQ(request.Header("host"), "localhost");
}

TEST(BuildRequest, ReadsTheAbsoluteForm) {
  HttpRequest request;
  ASSERT_FALSE(BuildRequest(Head({}, 11, "http://localhost:9797/metrics?x=1"), request));
  EXPECT_EQ(request.path, "/metrics");
  ASSERT_FALSE(BuildRequest(Head({}, 11, "http://localhost:9797"), request));
  EXPECT_EQ(request.path, "/");
  ASSERT_FALSE(BuildRequest(Head({}, 11, "http://localhost?q=1"), request));
  EXPECT_EQ(request.path, "/");
  EXPECT_EQ(request.Parameter("q"), "1");
}

TEST(BuildRequest, RefusesBadEncoding) {
  HttpRequest request;
  EXPECT_EQ(BuildRequest(Head({}, 11, "/%zz"), request)->status, 400);
  EXPECT_EQ(BuildRequest(Head({}, 11, "/?a=%1"), request)->status, 400);
}

TEST(AddBody, PutsFormFieldsBeforeTheQuery) {
  HttpRequest request;
  ASSERT_FALSE(BuildRequest(
      Head({{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}}, 11, "/?a=url&b=2"), request));
  ASSERT_FALSE(AddBody("a=form&query=up%7Bx%3D%221%22%7D", request));
  EXPECT_EQ(request.Parameter("a"), "form");
  EXPECT_EQ(request.ParameterValues("a").size(), 2u);
  EXPECT_EQ(request.Parameter("b"), "2");
  EXPECT_EQ(request.Parameter("query"), "up{x=\"1\"}");
  EXPECT_EQ(AddBody("a=%", request)->status, 400);
}

TEST(AddBody, LeavesOtherBodiesAlone) {
  HttpRequest request;
  ASSERT_FALSE(BuildRequest(Head({{"content-type", "application/json"}}), request));
  ASSERT_FALSE(AddBody("{\"a\":\"%\"}", request));
  EXPECT_TRUE(request.parameters.empty());
  EXPECT_EQ(request.body, "{\"a\":\"%\"}");
}

TEST(WantsKeepAlive, DependsOnTheVersion) {
  EXPECT_TRUE(WantsKeepAlive(Head({})));
  EXPECT_FALSE(WantsKeepAlive(Head({{"connection", "TE, Close"}})));
  EXPECT_FALSE(WantsKeepAlive(Head({}, 10)));
  EXPECT_TRUE(WantsKeepAlive(Head({{"connection", "Keep-Alive"}}, 10)));
}

}  // namespace
}  // namespace tickbird::net
