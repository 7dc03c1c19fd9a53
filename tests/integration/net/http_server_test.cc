#include "agent/net/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>
#include <optional>

#include "agent/net/worker_pool.h"
#include "tests/integration/net/net_fixture.h"

namespace tickbird::net {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// The routes that the tests call. Deferred answers wait in `held` until a test sends them.
struct Routes {
  Routes() {
    auto built = std::make_shared<Router>();
    built->Get("/hello",
               [](const HttpRequest&) { return HttpResponse{.content_type = "text/plain", .body = "hello"}; });
    built->Get("/big", [](const HttpRequest&) {
      return HttpResponse{.content_type = "text/plain", .body = std::string(200'000, 'b')};
    });
    built->Get("/huge", [](const HttpRequest&) {
      return HttpResponse{.content_type = "application/octet-stream", .body = std::string(32 << 20, 'h')};
    });
    built->Get("/item/{name}",
               [](const HttpRequest& r) { return HttpResponse{.body = std::string(r.PathParameter("name"))}; });
    built->Post("/echo", [](const HttpRequest& r) {
      std::string text = r.body;
      for (const auto& [name, value] : r.parameters) text += "|" + name + "=" + value;
      return HttpResponse{
          .content_type = "text/plain", .headers = {{"X-Trailer-Seen", std::string(r.Header("x-late"))}}, .body = text};
    });
    built->Get("/throws", [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("broken on purpose"); });
    built->GetDeferred("/held",
                       [this](const HttpRequest&, Responder responder) { held.push_back(std::move(responder)); });
    built->GetDeferred("/forgotten", [](const HttpRequest&, const Responder&) {});
    built->GetDeferred("/pool", [this](const HttpRequest&, Responder responder) {
      const bool queued = pool->Offload(
          [responder] { responder.Send({.content_type = "text/plain", .body = std::string(5000, 'p')}); });
      if (!queued) responder.Send(ErrorResponse(503, "unavailable", "busy"));
    });
    router = built;
  }
  std::shared_ptr<const Router> router;
  std::vector<Responder> held;
  WorkerPool* pool = nullptr;
};

class HttpServerTest : public testing::Test {
 protected:
  void Start(HttpLimits limits = {}) { server.emplace(thread, routes.router, limits); }
  std::uint64_t Rejected(RejectReason reason) { return server->stats().rejected[static_cast<std::size_t>(reason)]; }
  void TearDown() override {
    server.reset();
    thread.Call([this] { routes.held.clear(); });
  }

  Routes routes;
  LoopThread thread;
  std::optional<TestServer> server;
};

constexpr std::string_view kGet = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";

TEST_F(HttpServerTest, AnswersAnIndependentClientOverOneConnection) {
  Start();
  httplib::Client client("127.0.0.1", server->port());
  client.set_keep_alive(true);
  for (int i = 0; i < 3; ++i) {
    const auto response = client.Get("/hello");
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "hello");
  }
  EXPECT_EQ(client.Get("/item/a%2Fb")->body, "a/b");
  EXPECT_EQ(client.Head("/hello")->get_header_value("Content-Length"), "5");
  EXPECT_TRUE(thread.WaitFor([this] { return server->server().stats().in_flight == 0; }));
  const HttpStats stats = server->stats();
  EXPECT_EQ(stats.connections_accepted, 1u);
  EXPECT_GT(stats.bytes_sent, 500u);
}

TEST_F(HttpServerTest, CompressesForWhoAsks) {
  Start();
  httplib::Client client("127.0.0.1", server->port());
  const auto packed = client.Get("/big", {{"Accept-Encoding", "gzip"}});
  ASSERT_TRUE(packed);
  EXPECT_EQ(packed->get_header_value("Content-Encoding"), "gzip");
  EXPECT_EQ(packed->body, std::string(200'000, 'b')) << "the peer has decompressed it";
  EXPECT_LT(std::stoul(packed->get_header_value("Content-Length")), 2000u);
  RawClient plain(server->port());
  plain.Send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(plain.ReadResponse(), HasSubstr("Content-Length: 200000\r\n"));
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  Start();
  RawClient client(server->port());
  client.Send(
      "GET /item/1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ntwo"
      "GET /item/3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /item/4 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(client.ReadResponse().ends_with("\r\n\r\n1"));
  EXPECT_TRUE(client.ReadResponse().ends_with("\r\n\r\ntwo"));
  EXPECT_TRUE(client.ReadResponse().ends_with("\r\n\r\n3"));
  EXPECT_EQ(client.ReadResponse(), "");
}

TEST_F(HttpServerTest, ReadsARequestThatComesByteByByte) {
  Start();
  RawClient client(server->port());
  for (const char c : std::string("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                                  "chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nX-Late: t\r\n\r\n")) {
    ASSERT_TRUE(client.Send({&c, 1}));
  }
  const std::string response = client.ReadResponse();
  EXPECT_TRUE(response.ends_with("\r\n\r\nabc")) << response;
  EXPECT_THAT(response, HasSubstr("X-Trailer-Seen: \r\n")) << "trailers are not headers";
  client.Send(kGet);
  EXPECT_THAT(client.ReadResponse(), StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(HttpServerTest, MergesFormAndQuery) {
  Start();
  httplib::Client client("127.0.0.1", server->port());
  const auto response = client.Post("/echo?b=2", "a=%C3%A9", "application/x-www-form-urlencoded");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "a=%C3%A9|a=\xc3\xa9|b=2");
}

TEST_F(HttpServerTest, InvitesABodyThatWaitsToBeAsked) {
  Start();
  RawClient client(server->port());
  client.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.ReadResponse(false), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("body");
  EXPECT_TRUE(client.ReadResponse().ends_with("\r\n\r\nbody"));
}

TEST_F(HttpServerTest, SpeaksHttp10) {
  Start();
  RawClient client(server->port());
  client.Send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_THAT(client.ReadToEnd(), StartsWith("HTTP/1.0 200 OK\r\n"));
  RawClient keeping(server->port());
  keeping.Send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(keeping.ReadResponse(), HasSubstr("Connection: keep-alive\r\n"));
  keeping.Send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_THAT(keeping.ReadToEnd(), HasSubstr("Connection: close\r\n"));
}

TEST_F(HttpServerTest, RefusesBrokenAndAmbiguousRequests) {
  Start({.max_header_bytes = 2000, .max_uri_bytes = 1000, .max_body_bytes = 100});
  struct Case {
    std::string request;
    int status;
    RejectReason reason;
  };
  const std::string host = "Host: a\r\n";
  const Case cases[] = {
      {"nonsense\r\n\r\n", 400, RejectReason::kMalformed},
      {"GET /hello HTTP/1.1\r\n\r\n", 400, RejectReason::kMalformed},
      {"GET /hello HTTP/2.0\r\n" + host + "\r\n", 505, RejectReason::kMalformed},
      {"GET /%zz HTTP/1.1\r\n" + host + "\r\n", 400, RejectReason::kMalformed},
      {"GET /hello?x=%2 HTTP/1.1\r\n" + host + "\r\n", 400, RejectReason::kMalformed},
      {"GET /hello HTTP/1.1\r\n" + host + "Bad Name: x\r\n\r\n", 400, RejectReason::kMalformed},
      {"GET /hello HTTP/1.1\r\n" + host + "Name : x\r\n\r\n", 400, RejectReason::kMalformed},
      {"GET /hello HTTP/1.1\n" + host + "\n\r\n\r\n", 505, RejectReason::kMalformed},
      {"GET /hello HTTP/1.1\r\n" + host + host + "\r\n", 400, RejectReason::kAmbiguous},
      {"POST /echo HTTP/1.1\r\n" + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
       RejectReason::kAmbiguous},
      {"POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400,
       RejectReason::kAmbiguous},
      {"POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400,
       RejectReason::kAmbiguous},
      {"POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400,
       RejectReason::kAmbiguous},
      {"POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc", 400,
       RejectReason::kAmbiguous},
      {"POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, RejectReason::kAmbiguous},
      {"POST /echo HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400,
       RejectReason::kAmbiguous},
      {"POST /echo HTTP/1.1\r\n" + host + "Content-Length: 3, 3\r\n\r\nabc", 400, RejectReason::kAmbiguous},
      {"POST /echo HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", 400, RejectReason::kAmbiguous},
      {"POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, RejectReason::kMalformed},
      {"POST /echo HTTP/1.1\r\n" + host + "Content-Length: 101\r\n\r\n", 413, RejectReason::kBodyTooLarge},
      {"POST /echo HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999\r\n\r\n", 400,
       RejectReason::kAmbiguous},
      {"POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nfff\r\n", 413,
       RejectReason::kBodyTooLarge},
      {"GET /" + std::string(1500, 'u') + " HTTP/1.1\r\n" + host + "\r\n", 414, RejectReason::kUriTooLong},
      {"GET /" + std::string(9000, 'u'), 414, RejectReason::kUriTooLong},
      {"GET /hello HTTP/1.1\r\n" + host + "X: " + std::string(9000, 'x') + "\r\n\r\n", 431,
       RejectReason::kHeaderTooLarge},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.request.substr(0, 120));
    const std::uint64_t before = Rejected(c.reason);
    RawClient client(server->port());
    client.Send(c.request + std::string(kGet));
    const std::string response = client.ReadToEnd();
    EXPECT_THAT(response, StartsWith("HTTP/1.1 " + std::to_string(c.status)));
    EXPECT_THAT(response, HasSubstr("{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\""));
    EXPECT_THAT(response, Not(HasSubstr("200 OK")))
        << "what follows an ambiguous request must not be taken for another one";
    EXPECT_EQ(Rejected(c.reason), before + 1);
  }
}

TEST_F(HttpServerTest, RefusesUnknownPathsAndMethodsAndGoesOn) {
  Start();
  RawClient client(server->port());
  client.Send("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.ReadResponse(), StartsWith("HTTP/1.1 404 Not Found"));
  client.Send("DELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.ReadResponse(), HasSubstr("Allow: GET, HEAD\r\n"));
  client.Send("BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.ReadResponse(), StartsWith("HTTP/1.1 405 "));
  client.Send(kGet);
  EXPECT_THAT(client.ReadResponse(), StartsWith("HTTP/1.1 200 "));
  const HttpStats stats = server->stats();
  EXPECT_EQ(stats.handlers.back().by_class[4], 1u) << "no route";
  EXPECT_EQ(stats.connections_accepted, 1u);
}

TEST_F(HttpServerTest, SurvivesAHandlerThatThrowsOrForgets) {
  Start();
  httplib::Client client("127.0.0.1", server->port());
  EXPECT_EQ(client.Get("/throws")->status, 500);
  EXPECT_EQ(client.Get("/forgotten")->status, 500);
  EXPECT_EQ(client.Get("/hello")->status, 200);
  EXPECT_EQ(server->stats().handler_exceptions, 1u);
}

TEST_F(HttpServerTest, TakesAnswersFromPoolThreads) {
  WorkerPool pool(thread.loop());
  routes.pool = &pool;
  Start();
  httplib::Client client("127.0.0.1", server->port());
  for (int i = 0; i < 20; ++i) {
    const auto response = client.Get("/pool", {{"Accept-Encoding", "gzip"}});
    ASSERT_TRUE(response);
    EXPECT_EQ(response->get_header_value("Content-Encoding"), "gzip");
    EXPECT_EQ(response->body, std::string(5000, 'p'));
  }
  pool.Shutdown();
  EXPECT_EQ(client.Get("/pool")->status, 503);
}

TEST_F(HttpServerTest, GivesUpOnAHandlerThatNeverAnswers) {
  Start({.handler_timeout = kMustExpire});
  httplib::Client client("127.0.0.1", server->port());
  client.set_keep_alive(true);
  EXPECT_EQ(client.Get("/held")->status, 503);
  thread.Call([this] { routes.held.clear(); });  // The late 500 goes nowhere.
  EXPECT_EQ(client.Get("/hello")->body, "hello");
}

TEST_F(HttpServerTest, CutsSlowRequestsAndIdleConnections) {
  Start({.idle_timeout = kMustExpire, .request_timeout = kMustExpire});
  RawClient slow(server->port());
  slow.Send("GET /hello HTT");
  EXPECT_THAT(slow.ReadToEnd(), StartsWith("HTTP/1.1 408 Request Timeout"));
  EXPECT_EQ(Rejected(RejectReason::kTimeout), 1u);
  RawClient idle(server->port());
  idle.Send(kGet);
  EXPECT_THAT(idle.ReadResponse(), StartsWith("HTTP/1.1 200"));
  bool closed = false;
  EXPECT_EQ(idle.ReadToEnd(&closed), "") << "an idle connection ends without a word";
  EXPECT_TRUE(closed);
}

TEST_F(HttpServerTest, CutsAClientThatDoesNotRead) {
  Start({.write_timeout = kMustExpire - 256 * kSecondMs});  // 32 MiB are given 256 s on top.
  RawClient client(server->port(), 4096);
  client.Send("GET /huge HTTP/1.1\r\nHost: a\r\n\r\n");
  client.ReadUntil("200 OK");
  EXPECT_TRUE(thread.WaitFor([this] { return server->server().stats().connections == 0; }));
}

TEST_F(HttpServerTest, EvictsAnIdleConnectionForANewOne) {
  Start({.max_connections = 2});
  RawClient first(server->port());
  first.Send(kGet);
  first.ReadResponse();
  RawClient second(server->port());
  second.Send(kGet);
  second.ReadResponse();
  RawClient third(server->port());
  third.Send(kGet);
  EXPECT_THAT(third.ReadResponse(), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(first.ReadToEnd(), "");
  EXPECT_EQ(server->stats().connections_evicted, 1u);
}

TEST_F(HttpServerTest, RefusesConnectionsWhenAllAreBusy) {
  Start({.max_connections = 1});
  RawClient busy(server->port());
  busy.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(thread.WaitFor([this] { return routes.held.size() == 1; }));
  RawClient refused(server->port());
  const std::string response = refused.ReadToEnd();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 503 "));
  EXPECT_TRUE(response.ends_with("\"too many connections are open\"}"));
  EXPECT_EQ(Rejected(RejectReason::kConnections), 1u);
}

TEST_F(HttpServerTest, FinishesWhatIsInFlightWhenItStops) {
  Start();
  RawClient busy(server->port());
  busy.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  RawClient idle(server->port());
  idle.Send(kGet);
  idle.ReadResponse();
  ASSERT_TRUE(thread.WaitFor([this] { return routes.held.size() == 1; }));
  std::promise<void> stopped;
  thread.Call([&] { server->server().Stop(kNeverExpires, [&] { stopped.set_value(); }); });
  EXPECT_EQ(idle.ReadToEnd(), "");
  thread.Call([this] { routes.held[0].Send({.content_type = "text/plain", .body = "at last"}); });
  EXPECT_TRUE(busy.ReadToEnd().ends_with("at last"));
  stopped.get_future().get();
  EXPECT_EQ(server->stats().connections, 0u);
  httplib::Client late("127.0.0.1", server->port());
  EXPECT_FALSE(late.Get("/hello"));
}

TEST_F(HttpServerTest, CutsWhatIsInFlightAfterTheGrace) {
  Start();
  RawClient busy(server->port());
  busy.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(thread.WaitFor([this] { return routes.held.size() == 1; }));
  std::promise<void> stopped;
  thread.Call([&] { server->server().Stop(kMustExpire, [&] { stopped.set_value(); }); });
  stopped.get_future().get();
  EXPECT_EQ(busy.ReadToEnd(), "");
}

TEST_F(HttpServerTest, SaysWhatToDoWhenTheAddressIsTaken) {
  Start();
  const Status again = thread.Call([this] {
    HttpServer second(thread.loop(), routes.router, {});
    return second.Listen({.host = "127.0.0.1", .port = server->port()});
  });
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(again.error().message, HasSubstr("cannot listen on 127.0.0.1:" + std::to_string(server->port())));
  EXPECT_THAT(again.error().message, HasSubstr("is in use: stop the process"));
  const Status foreign = thread.Call([this] { return server->server().Listen({.host = "192.0.2.1", .port = 0}); });
  ASSERT_FALSE(foreign);
  EXPECT_THAT(foreign.error().message, HasSubstr("no such address"));
}

TEST_F(HttpServerTest, MarksPeersOnThisMachine) {
  auto router = std::make_shared<Router>();
  router->Get("/who", [](const HttpRequest& r) {
    return HttpResponse{.body = r.peer_address + (r.from_loopback ? " local" : " remote")};
  });
  thread.Call([&] {
    HttpServer everywhere(thread.loop(), router, {});
    ASSERT_TRUE(everywhere.Listen({.host = "", .port = 0}));
    EXPECT_GT(everywhere.port(), 0);
  });
  TestServer local(thread, router);
  httplib::Client client("127.0.0.1", local.port());
  EXPECT_EQ(client.Get("/who")->body, "127.0.0.1 local");
}

}  // namespace
}  // namespace tickbird::net
