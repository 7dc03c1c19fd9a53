#include "agent/net/event_hub.h"

#include <gtest/gtest.h>

#include <optional>

namespace tickbird::net {
namespace {

std::string TakeAll(Subscriber& subscriber) {
  std::string text;
  for (auto event = subscriber.Take(); event != nullptr; event = subscriber.Take()) text += *event;
  return text;
}

void GreetAtOnce(const HttpRequest&, Greeting greeting) {
  greeting.Send("hello;");
}

/// Runs what was posted or dispatched to the loop so far.
void Drain(IoLoop& loop) {
  loop.Post([&] { loop.Stop(); });
  loop.Run();
}

TEST(FormatEvent, WritesALineForEachLine) {
  EXPECT_EQ(FormatEvent("tick", "{\"t\":1}"), "event: tick\ndata: {\"t\":1}\n\n");
  EXPECT_EQ(FormatEvent("x", "a\nb\r\rc"), "event: x\ndata: a\ndata: b\ndata: \ndata: c\n\n");
}

TEST(EventHub, SendsTheGreetingBeforeWhatWasBroadcastMeanwhile) {
  IoLoop loop;
  EventHub hub(loop);
  std::optional<Greeting> later;
  const auto subscriber = hub.Join({}, [&](const HttpRequest&, Greeting greeting) { later = greeting; });
  hub.Broadcast("tick", "1");
  EXPECT_EQ(TakeAll(*subscriber), "") << "nothing may overtake the snapshot";
  later->Send("hello;");
  later->Send("twice;");
  Drain(loop);
  EXPECT_EQ(TakeAll(*subscriber), "hello;" + FormatEvent("tick", "1"));
}

TEST(EventHub, StartsWithoutAGreetingWhenItIsForgotten) {
  IoLoop loop;
  EventHub hub(loop);
  const auto subscriber = hub.Join({}, [](const HttpRequest&, const Greeting&) {});
  Drain(loop);
  hub.Broadcast("tick", "1");
  EXPECT_EQ(TakeAll(*subscriber), FormatEvent("tick", "1"));
}

TEST(EventHub, DropsWhoFallsBehindAndKeepsTheRest) {
  IoLoop loop;
  EventHub hub(loop, {.max_subscribers = 2, .max_queued_bytes = 100});
  const auto slow = hub.Join({}, GreetAtOnce);
  const auto quick = hub.Join({}, GreetAtOnce);
  Drain(loop);
  int slow_changes = 0;
  slow->on_change = [&] { ++slow_changes; };
  for (int i = 0; i < 10; ++i) {
    hub.Broadcast("tick", "0123456789");
    TakeAll(*quick);
  }
  EXPECT_TRUE(slow->is_dropped());
  EXPECT_FALSE(quick->is_dropped());
  EXPECT_GT(slow_changes, 1);
  EXPECT_LT(slow_changes, 10) << "a dropped subscriber is left alone";
  EXPECT_EQ(hub.stats().dropped_slow, 1u);
}

TEST(EventHub, RefusesMoreThanItsLimitUntilSomebodyLeaves) {
  IoLoop loop;
  EventHub hub(loop, {.max_subscribers = 1});
  auto first = hub.Join({}, GreetAtOnce);
  EXPECT_EQ(hub.Join({}, GreetAtOnce), nullptr);
  EXPECT_EQ(hub.stats().refused_full, 1u);
  first.reset();
  EXPECT_FALSE(hub.has_subscribers());
  EXPECT_NE(hub.Join({}, GreetAtOnce), nullptr);
}

TEST(EventHub, DropsEverybodyWhenItGoes) {
  IoLoop loop;
  auto hub = std::make_unique<EventHub>(loop);
  const auto subscriber = hub->Join({}, GreetAtOnce);
  bool told = false;
  subscriber->on_change = [&] { told = true; };
  hub.reset();
  EXPECT_TRUE(told);
  EXPECT_TRUE(subscriber->is_dropped());
}

}  // namespace
}  // namespace tickbird::net
