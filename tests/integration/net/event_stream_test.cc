#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "agent/net/event_hub.h"
#include "tests/integration/net/net_fixture.h"

namespace tickbird::net {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class EventStreamTest : public testing::Test {
 protected:
  void Start(EventHub::Options options, HttpLimits limits = {}) {
    hub.emplace(thread.loop(), options);
    auto router = std::make_shared<Router>();
    router->Stream("/stream", *hub, [](const HttpRequest& request, const Greeting& greeting) {
      greeting.Send(FormatEvent("snapshot", request.Parameter("q")));
    });
    server.emplace(thread, router, limits);
  }
  void Broadcast(const std::string& data) {
    thread.Call([&] { hub->Broadcast("tick", data); });
  }
  void TearDown() override {
    server.reset();
    thread.Call([this] { hub.reset(); });
  }

  LoopThread thread;
  std::optional<EventHub> hub;
  std::optional<TestServer> server;
};

constexpr std::string_view kSubscribe = "GET /stream?q=first HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_F(EventStreamTest, DeliversTheSnapshotThenEachEvent) {
  Start({});
  RawClient one(server->port());
  RawClient two(server->port());
  one.Send(kSubscribe);
  two.Send(kSubscribe);
  for (RawClient* client : {&one, &two}) {
    const std::string text = client->ReadUntil("first\n\n");
    EXPECT_THAT(text, HasSubstr("Content-Type: text/event-stream\r\n"));
    EXPECT_TRUE(text.ends_with("\r\n\r\nevent: snapshot\ndata: first\n\n"));
  }
  for (int i = 0; i < 100; ++i) Broadcast(std::to_string(i));
  for (RawClient* client : {&one, &two}) {
    std::string expected;
    for (int i = 0; i < 100; ++i) expected += FormatEvent("tick", std::to_string(i));
    EXPECT_EQ(client->ReadUntil("data: 99\n\n"), expected);
  }
  EXPECT_EQ(server->stats().streams, 2u);
}

TEST_F(EventStreamTest, NoticesThatAClientHasGone) {
  Start({});
  {
    RawClient gone(server->port());
    gone.Send(kSubscribe);
    gone.ReadUntil("first\n\n");
  }
  EXPECT_TRUE(thread.WaitFor([this] {
    hub->Broadcast("tick", "1");
    return hub->stats().subscribers == 0 && server->server().stats().connections == 0;
  }));
}

TEST_F(EventStreamTest, DropsAClientThatDoesNotRead) {
  Start({.max_queued_bytes = 256 * 1024});
  RawClient slow(server->port(), 4096);
  slow.Send(kSubscribe);
  slow.ReadUntil("first\n\n");
  RawClient quick(server->port());
  quick.Send(kSubscribe);
  quick.ReadUntil("first\n\n");
  const std::string data(64 * 1024, 'x');
  int sent = 0;
  while (sent < 1000 && thread.Call([this] { return hub->stats().dropped_slow; }) == 0) {
    Broadcast(data + std::to_string(sent));
    quick.ReadUntil("x" + std::to_string(sent++) + "\n\n");
  }
  EXPECT_EQ(thread.Call([this] { return hub->stats().dropped_slow; }), 1u);
  bool closed = false;
  slow.ReadToEnd(&closed);
  EXPECT_TRUE(closed);
  EXPECT_TRUE(thread.WaitFor([this] { return hub->stats().subscribers == 1; }));
}

TEST_F(EventStreamTest, KeepsASilentLineOpen) {
  Start({.keep_alive = kMustExpire});
  RawClient client(server->port());
  client.Send(kSubscribe);
  EXPECT_TRUE(client.ReadUntil(":\n\n:\n\n").ends_with("first\n\n:\n\n:\n\n"));
}

TEST_F(EventStreamTest, RefusesMoreSubscribersThanItsLimit) {
  Start({.max_subscribers = 1});
  RawClient first(server->port());
  first.Send(kSubscribe);
  first.ReadUntil("first\n\n");
  RawClient second(server->port());
  second.Send(kSubscribe);
  EXPECT_THAT(second.ReadToEnd(), StartsWith("HTTP/1.1 503 "));
}

TEST_F(EventStreamTest, EndsWhenTheServerStops) {
  Start({});
  RawClient client(server->port());
  client.Send(kSubscribe);
  client.ReadUntil("first\n\n");
  std::promise<void> stopped;
  thread.Call([&] { server->server().Stop(kNeverExpires, [&] { stopped.set_value(); }); });
  bool closed = false;
  client.ReadToEnd(&closed);
  EXPECT_TRUE(closed);
  stopped.get_future().get();
}

TEST_F(EventStreamTest, AnswersHeadWithoutAStream) {
  Start({});
  RawClient client(server->port());
  client.Send("HEAD /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.ReadToEnd(), HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_EQ(server->stats().streams, 0u);
}

}  // namespace
}  // namespace tickbird::net
