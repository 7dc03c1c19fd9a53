#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <algorithm>
#include <set>

#include "agent/net/tcp_probe.h"
#include "tests/integration/net/egress_fixture.h"
#include "tests/integration/net/smtp_peer.h"

namespace tickbird::net {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A server of another implementation, on a free port and a thread of its own.
template <class Server = httplib::Server>
class Peer {
 public:
  template <class... Args>
  explicit Peer(Args&&... args) : server(std::forward<Args>(args)...), port_(server.bind_to_any_port("127.0.0.1")) {}
  ~Peer() {
    server.stop();
    if (thread_.joinable()) thread_.join();
  }
  void Start() {
    thread_ = std::thread([this] { server.listen_after_bind(); });
    while (!server.is_running()) std::this_thread::yield();  // stop() before that would be lost.
  }
  std::string Url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }
  int port() const { return port_; }
  Server server;

 private:
  int port_;
  std::thread thread_;
};

/// Accepts connections into its backlog and never answers.
class SilentPeer {
 public:
  explicit SilentPeer(int backlog = 64) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(fd_, backlog), 0);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~SilentPeer() { close(fd_); }
  SilentPeer(const SilentPeer&) = delete;
  SilentPeer& operator=(const SilentPeer&) = delete;
  std::uint16_t port() const { return port_; }
  std::string Url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

/// Peers go after the egress: a server of this library waits on connections that are kept open.
class EgressHttpTest : public EgressTest {
 protected:
  template <class Server = httplib::Server, class... Args>
  Peer<Server>& NewPeer(Args&&... args) {
    auto peer = std::make_shared<Peer<Server>>(std::forward<Args>(args)...);
    peers_.push_back(peer);
    return *peer;
  }
  void TearDown() override {
    EgressTest::TearDown();
    peers_.clear();
  }

 private:
  std::vector<std::shared_ptr<void>> peers_;
};

TEST_F(EgressHttpTest, SendsMethodHeadersAndBody) {
  Peer<>& peer = NewPeer();
  httplib::Request seen;
  peer.server.Post("/hook", [&](const httplib::Request& request, httplib::Response& response) {
    seen = request;
    response.status = 202;
    response.set_header("Retry-After", "120");
    response.set_content("thanks", "text/plain");
  });
  peer.Start();
  const auto result = Send({.method = "POST",
                            .url = peer.Url("/hook?k=v"),
                            .headers = {{"Content-Type", "application/json"}},
                            .body = "{}",
                            .basic_auth_user = "user",
                            .basic_auth_password = "pass"});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->status, 202);
  EXPECT_EQ(result->body, "thanks");
  EXPECT_EQ(result->Header("retry-after"), "120");
  EXPECT_GT(result->total_us, 0);
  EXPECT_EQ(seen.body, "{}");
  EXPECT_EQ(seen.get_param_value("k"), "v");
  EXPECT_EQ(seen.get_header_value("Content-Type"), "application/json");
  EXPECT_EQ(seen.get_header_value("Authorization"), "Basic dXNlcjpwYXNz");
  EXPECT_EQ(seen.get_header_value("User-Agent"), "tickbird");
  EXPECT_FALSE(seen.has_header("Expect"));
}

TEST_F(EgressHttpTest, SendsAHeaderWithoutAValue) {
  auto router = std::make_shared<Router>();
  router->Get("/", [](const HttpRequest& request) {
    const bool found =
        std::ranges::find(request.headers, std::pair<std::string, std::string>("x-empty", "")) != request.headers.end();
    return HttpResponse{.status = found ? 200 : 400};
  });
  TestServer server(thread, router);
  EXPECT_EQ(
      Send({.url = "http://127.0.0.1:" + std::to_string(server.port()) + "/", .headers = {{"X-Empty", ""}}})->status,
      200);
}

TEST_F(EgressHttpTest, SendsAllMethods) {
  Peer<>& peer = NewPeer();
  const auto echo = [](const httplib::Request& r, httplib::Response& s) {
    s.set_content(r.method + ":" + r.body, "text/plain");
  };
  peer.server.Get("/", echo).Put("/", echo).Delete("/", echo).Patch("/", echo).Post("/", echo);
  peer.Start();
  EXPECT_EQ(Send({.url = peer.Url("/")})->body, "GET:");
  EXPECT_EQ(Send({.method = "PUT", .url = peer.Url("/"), .body = "x"})->body, "PUT:x");
  EXPECT_EQ(Send({.method = "DELETE", .url = peer.Url("/")})->body, "DELETE:");
  EXPECT_EQ(Send({.method = "PATCH", .url = peer.Url("/"), .body = "y"})->body, "PATCH:y");
  EXPECT_EQ(Send({.method = "POST", .url = peer.Url("/")})->body, "POST:");
  const auto head = Send({.method = "HEAD", .url = peer.Url("/")});
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->body, "");
}

TEST_F(EgressHttpTest, ReportsEveryStatusAsAResponse) {
  Peer<>& peer = NewPeer();
  peer.server.Get(R"(/(\d+))",
                  [](const httplib::Request& r, httplib::Response& s) { s.status = std::stoi(r.matches[1]); });
  peer.Start();
  for (int status : {200, 204, 400, 401, 404, 429, 500, 503}) {
    const auto result = Send({.url = peer.Url("/" + std::to_string(status))});
    ASSERT_TRUE(result) << status;
    EXPECT_EQ(result->status, status);
  }
}

TEST_F(EgressHttpTest, FollowsRedirectsOnlyWhenAsked) {
  Peer<>& other = NewPeer();
  std::string authorization = "unset";
  other.server.Get("/there", [&](const httplib::Request& r, httplib::Response& s) {
    authorization = r.get_header_value("Authorization");
    s.set_content("arrived", "text/plain");
  });
  other.Start();
  Peer<>& peer = NewPeer();
  peer.server.Get("/away", [&](const httplib::Request&, httplib::Response& s) {
    s.set_redirect("http://localhost:" + std::to_string(other.port()) + "/there");
  });
  peer.server.Get("/file", [](const httplib::Request&, httplib::Response& s) { s.set_redirect("file:///etc/passwd"); });
  peer.Start();
  EXPECT_EQ(Send({.url = peer.Url("/away")})->status, 302);
  EXPECT_EQ(authorization, "unset");
  const auto followed =
      Send({.url = peer.Url("/away"), .headers = {{"Authorization", "Bearer secret"}}, .follow_redirects = true});
  ASSERT_TRUE(followed) << followed.error().message;
  EXPECT_EQ(followed->body, "arrived");
  EXPECT_EQ(authorization, "") << "credentials stay with the first host";
  const auto file = Send({.url = peer.Url("/file"), .follow_redirects = true});
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(EgressHttpTest, KeepsOnlyTheFirstBytesOfALongBody) {
  Peer<>& peer = NewPeer();
  peer.server.Get("/long", [](const httplib::Request&, httplib::Response& s) {
    s.set_content(std::string(100'000, 'x'), "text/plain");
  });
  peer.server.Get("/endless", [](const httplib::Request&, httplib::Response& s) {
    s.set_chunked_content_provider("text/plain", [](std::size_t, httplib::DataSink& sink) {
      const std::string chunk(64 * 1024, 'y');
      return sink.write(chunk.data(), chunk.size());
    });
  });
  peer.Start();
  const auto longer = Send({.url = peer.Url("/long"), .max_response_bytes = 1000});
  ASSERT_TRUE(longer);
  EXPECT_EQ(longer->body, std::string(1000, 'x'));
  const auto endless = Send({.url = peer.Url("/endless"), .timeout = kNeverExpires, .max_response_bytes = 10});
  ASSERT_TRUE(endless) << endless.error().message;
  EXPECT_EQ(endless->status, 200);
  EXPECT_EQ(endless->body, std::string(10, 'y'));
}

TEST_F(EgressHttpTest, SaysWhyNothingCame) {
  SilentPeer silent;
  const auto late = Send({.url = silent.Url("/secret-path"), .timeout = kMustExpire});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kTimeout);
  EXPECT_THAT(late.error().message, HasSubstr("127.0.0.1:" + std::to_string(silent.port())));
  EXPECT_THAT(late.error().message, Not(HasSubstr("secret")));
  std::string dead_url;
  {
    SilentPeer gone;
    dead_url = gone.Url("/secret-path?token=secret");
  }
  const auto refused = Send({.url = dead_url});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(refused.error().message, Not(HasSubstr("secret")));
  const auto unknown = Send({.url = "http://no-such-host.invalid/secret"});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kUnavailable);
}

TEST_F(EgressHttpTest, RefusesWhatItMustNotSend) {
  struct Case {
    OutgoingRequest request;
    const char* text;
  };
  const Case cases[] = {
      {{.url = "ftp://example.org/"}, "only http"},
      {{.url = "file:///etc/passwd"}, "only http"},
      {{.url = "http://user:secret@:x/"}, "cannot be read"},
      {{.url = ""}, "cannot be read"},
      {{.url = "http://127.0.0.1/", .headers = {{"X-A", "1\r\nX-B: 2"}}}, "forbids"},
      {{.url = "http://127.0.0.1/", .headers = {{"X A", "1"}}}, "forbids"},
      {{.method = "GET /x", .url = "http://127.0.0.1/"}, "method"},
  };
  for (const Case& c : cases) {
    const auto result = Send(c.request);
    ASSERT_FALSE(result) << c.text;
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument) << c.text;
    EXPECT_THAT(result.error().message, HasSubstr(c.text));
    EXPECT_THAT(result.error().message, Not(HasSubstr("secret")));
  }
}

TEST_F(EgressHttpTest, UsesAConnectionAgain) {
  Peer<>& peer = NewPeer();
  std::set<int> ports;
  peer.server.set_keep_alive_max_count(100);
  peer.server.Get("/", [&](const httplib::Request& r, httplib::Response&) { ports.insert(r.remote_port); });
  peer.Start();
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Send({.url = peer.Url("/")}));
  EXPECT_EQ(ports.size(), 1u);
}

TEST_F(EgressHttpTest, IsNotHeldUpByADeadServer) {
  Start({.max_in_flight = 8, .max_per_host = 2});
  SilentPeer dead;
  Peer<>& live = NewPeer();
  live.server.Get("/", [](const httplib::Request&, httplib::Response&) {});
  live.Start();
  std::vector<std::future<Result<OutgoingResponse>>> stuck;
  for (int i = 0; i < 10; ++i) stuck.push_back(Later({.url = dead.Url("/"), .timeout = kNeverExpires}));
  const auto starved = Later({.url = dead.Url("/"), .timeout = kMustExpire}).get();
  ASSERT_FALSE(starved);
  EXPECT_EQ(starved.error().code, ErrorCode::kTimeout);
  EXPECT_THAT(starved.error().message, HasSubstr("no turn came"));
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(Send({.url = live.Url("/"), .timeout = kNeverExpires}));
  EXPECT_EQ(egress->stats().waiting, 10u);
  egress->Shutdown();
  for (auto& each : stuck) {
    const auto cancelled = each.get();
    ASSERT_FALSE(cancelled);
    EXPECT_EQ(cancelled.error().code, ErrorCode::kCancelled);
  }
  const auto after = Send({.url = live.Url("/")});
  ASSERT_FALSE(after);
  EXPECT_EQ(after.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(egress->stats().waiting, 0u);
}

TEST_F(EgressHttpTest, RefusesMoreThanItsQueueHolds) {
  Start({.max_queued = 3});
  SilentPeer dead;
  std::vector<std::future<Result<OutgoingResponse>>> stuck;
  for (int i = 0; i < 3; ++i) stuck.push_back(Later({.url = dead.Url("/"), .timeout = kNeverExpires}));
  const auto refused = Send({.url = dead.Url("/")});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("limit 3"));
  EXPECT_EQ(egress->stats().refused, 1u);
}

TEST_F(EgressHttpTest, SendsManyAtOnce) {
  Peer<>& peer = NewPeer();
  peer.server.Post("/", [](const httplib::Request& r, httplib::Response& s) { s.set_content(r.body, "text/plain"); });
  peer.Start();
  std::vector<std::future<Result<OutgoingResponse>>> all;
  for (int i = 0; i < 300; ++i) {
    all.push_back(Later({.method = "POST", .url = peer.Url("/"), .body = std::to_string(i), .timeout = kNeverExpires}));
  }
  for (int i = 0; i < 300; ++i) {
    const auto result = all[static_cast<std::size_t>(i)].get();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->body, std::to_string(i));
  }
}

TEST_F(EgressHttpTest, ChecksCertificatesAndServerNames) {
  TestCertificate certificate;
  if (!certificate.ok()) GTEST_SKIP() << "the openssl command is not installed";
  Peer<httplib::SSLServer>& peer = NewPeer<httplib::SSLServer>(certificate.cert().c_str(), certificate.key().c_str());
  std::string host;
  peer.server.Get("/", [&](const httplib::Request& r, httplib::Response& s) {
    host = r.get_header_value("Host");
    s.set_content("safe", "text/plain");
  });
  peer.Start();
  const std::string url = "https://127.0.0.1:" + std::to_string(peer.port()) + "/";
  const auto untrusted = Send({.url = url});
  ASSERT_FALSE(untrusted);
  EXPECT_EQ(untrusted.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(untrusted.error().message, HasSubstr("certificate"));
  const auto wrong_name = Send({.url = url, .tls = {.ca_file = certificate.cert()}});
  ASSERT_FALSE(wrong_name) << "the certificate is for mail.test";
  const auto trusted = Send({.url = url, .tls = {.ca_file = certificate.cert(), .server_name = "mail.test"}});
  ASSERT_TRUE(trusted) << trusted.error().message;
  EXPECT_EQ(trusted->body, "safe");
  EXPECT_EQ(host, "127.0.0.1:" + std::to_string(peer.port())) << "the Host header stays that of the URL";
  EXPECT_TRUE(Send({.url = url, .tls = {.insecure_skip_verify = true}}));
}

TEST_F(EgressHttpTest, SaysWhichPackageIsMissing) {
  Start({.library = "libno-such-curl.so.4"});
  const auto result = Send({.url = "http://127.0.0.1/"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(result.error().message, HasSubstr("libcurl4"));
  EXPECT_FALSE(Send({.url = "http://127.0.0.1/"}));
}

class TcpProbeTest : public testing::Test {
 protected:
  Result<TcpProbeResult> Probe(const std::string& host, std::uint16_t port, DurationMs timeout) {
    std::promise<Result<TcpProbeResult>> promise;
    thread.Call([&] {
      TcpProbe(thread.loop(), host, port, timeout, [&](auto result) { promise.set_value(std::move(result)); });
    });
    return promise.get_future().get();
  }
  LoopThread thread;
};

TEST_F(TcpProbeTest, TellsAnOpenPortFromAClosedOne) {
  std::uint16_t closed_port = 0;
  {
    SilentPeer gone;
    closed_port = gone.port();
  }
  SilentPeer open;
  const auto reached = Probe("localhost", open.port(), kNeverExpires);
  ASSERT_TRUE(reached) << reached.error().message;
  EXPECT_EQ(reached->address, "127.0.0.1");
  EXPECT_GT(reached->connect_us, 0);
  const auto closed = Probe("127.0.0.1", closed_port, kNeverExpires);
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(closed.error().message, HasSubstr("127.0.0.1:" + std::to_string(closed_port) + ": Connection refused"));
  const auto unknown = Probe("no-such-host.invalid", 80, kNeverExpires);
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("cannot be resolved"));
}

TEST_F(TcpProbeTest, GivesUpAtItsDeadline) {
  // A listener whose queue is full: the kernel lets further connections wait.
  SilentPeer full(0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(full.port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::vector<int> queued;
  for (int i = 0; i < 4; ++i) {
    queued.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    connect(queued.back(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  const auto result = Probe("127.0.0.1", full.port(), kMustExpire);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kTimeout);
  EXPECT_THAT(result.error().message, HasSubstr("no connection within 150ms"));
  for (const int fd : queued) close(fd);
}

}  // namespace
}  // namespace tickbird::net
