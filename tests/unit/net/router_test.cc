#include "agent/net/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tickbird::net {
namespace {

Handler Named(std::string name) {
  return [name](const HttpRequest&) { return HttpResponse{.body = name}; };
}

std::string Answer(const Router& router, std::string_view method, std::string_view path) {
  const Router::Match match = router.Find(method, path);
  if (match.endpoint == nullptr) return std::to_string(match.refusal.status);
  return std::get<Handler>(*match.endpoint)({}).body;
}

TEST(Router, FindsLiteralAndParameterPaths) {
  Router router;
  router.Get("/", Named("root"))
      .Get("/api/v1/label/{name}/values", Named("values"))
      .Get("/api/v1/label/special/values", Named("special"))
      .Post("/api/tickbird/v1/alerts/{id}/ack", Named("ack"));
  EXPECT_EQ(Answer(router, "GET", "/"), "root");
  EXPECT_EQ(Answer(router, "GET", "/api/v1/label/job/values"), "values");
  EXPECT_EQ(Answer(router, "GET", "/api/v1/label/special/values"), "special");
  EXPECT_EQ(Answer(router, "POST", "/api/tickbird/v1/alerts/a1/ack"), "ack");
  for (const char* path : {"/api", "/api/v1/label//values", "/api/v1/label/job/values/", "//", "", "api", "/API"}) {
    EXPECT_EQ(Answer(router, "GET", path), "404") << path;
  }
}

TEST(Router, DecodesSegmentsOneByOne) {
  Router router;
  router.Get("/label/{name}/values", Named("values"));
  const Router::Match match = router.Find("GET", "/l%61bel/a%2Fb%20c/values");
  ASSERT_NE(match.endpoint, nullptr);
  EXPECT_EQ(match.path_parameters, (Parameters{{"name", "a/b c"}}));
  EXPECT_EQ(match.pattern, "/label/{name}/values");
  EXPECT_EQ(Answer(router, "GET", "/label/%g/values"), "400");
}

TEST(Router, TakesALiteralPlaceholderAsAnyOtherName) {
  Router router;
  router.Get("/label/{name}", Named("by name")).Get("/label/all", Named("all"));
  EXPECT_EQ(router.Find("GET", "/label/{name}").path_parameters, (Parameters{{"name", "{name}"}}));
  EXPECT_EQ(router.Find("GET", "/label/%7Bname%7D").path_parameters, (Parameters{{"name", "{name}"}}));
}

TEST(Router, AnswersHeadFromGet) {
  Router router;
  router.Get("/x", Named("x"));
  EXPECT_EQ(Answer(router, "HEAD", "/x"), "x");
}

TEST(Router, NamesTheAllowedMethods) {
  Router router;
  router.Get("/query", Named("get")).Post("/query", Named("post")).Post("/-/reload", Named("reload"));
  const Router::Match match = router.Find("DELETE", "/query");
  EXPECT_EQ(match.refusal.status, 405);
  EXPECT_EQ(match.refusal.headers, (Parameters{{"Allow", "GET, HEAD, POST"}}));
  EXPECT_THAT(match.refusal.body, testing::HasSubstr("\"errorType\":\"bad_data\""));
  EXPECT_EQ(match.pattern, "/query");
  EXPECT_EQ(router.Find("HEAD", "/-/reload").refusal.headers, (Parameters{{"Allow", "POST"}}));
}

}  // namespace
}  // namespace tickbird::net
