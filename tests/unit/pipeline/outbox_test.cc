#include "notifiers/pipeline/outbox.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include <fmt/core.h>

namespace tickbird::notify {
namespace {

Message About(const std::string& alert, MessageKind kind, TimestampMs created, int rank = 3, const char* to = "hook") {
  static int counter = 0;
  auto event = std::make_shared<AlertEvent>();
  event->labels = Labels{{"alertname", alert}};
  event->id = event->labels.Hash();
  event->rule = alert;
  event->level = {"high", rank};
  Message message;
  message.key = fmt::format("{}-{}", alert, ++counter);
  message.to = {to, to, {}};
  message.kind = kind;
  message.alert = std::move(event);
  message.created = created;
  return message;
}

/// Without jitter to speak of: delays are between a half and the whole.
LaneOptions Options(const char* integration = "hook") {
  LaneOptions options;
  options.integration = integration;
  return options;
}

std::string Names(const std::vector<Parcel>& parcels) {
  std::string names;
  for (const Parcel& parcel : parcels) {
    if (!names.empty()) names += ' ';
    for (const Message& message : parcel.messages) {
      if (&message != &parcel.messages.front()) names += '+';
      names += fmt::format("{}:{}", message.alert->rule, MessageKindName(message.kind));
    }
  }
  return names;
}

std::string Reasons(const std::vector<Finished>& finished) {
  std::string names;
  for (const Finished& entry : finished) {
    if (!names.empty()) names += ' ';
    names += fmt::format("{}:{}", entry.message.alert->rule, ReasonName(entry.reason));
  }
  return names;
}

SendOutcome Down() {
  return SendOutcome::Retry(FailureReason::kOther, "connection refused");
}

TEST(Outbox, SendsAtOnceAndReportsTheDelivery) {
  Outbox outbox;
  (void)outbox.Configure({Options()});
  EXPECT_TRUE(outbox.Add(About("a", MessageKind::kRaised, 1000), 1000).empty());
  const auto parcels = outbox.TakeDue(1000);
  ASSERT_EQ(Names(parcels), "a:raised");
  EXPECT_EQ(Names(outbox.TakeDue(1000)), "");
  EXPECT_EQ(Reasons(outbox.Complete(parcels[0].ticket, SendOutcome::Delivered(), 1500)), "a:delivered");
  EXPECT_TRUE(outbox.idle());
  EXPECT_EQ(outbox.stats()["hook"].delivered, 1u);
  EXPECT_EQ(outbox.stats()["hook"].latency_sum, 500);
}

TEST(Outbox, NeverHasTwoMessagesOfOneAlertUnderWay) {
  Outbox outbox;
  (void)outbox.Configure({Options()});
  (void)outbox.Add(About("a", MessageKind::kRaised, 0), 0);
  const auto first = outbox.TakeDue(0);
  (void)outbox.Add(About("a", MessageKind::kCleared, 10), 10);
  EXPECT_EQ(Names(outbox.TakeDue(10)), "");
  (void)outbox.Complete(first[0].ticket, SendOutcome::Delivered(), 20);
  EXPECT_EQ(Names(outbox.TakeDue(20)), "a:cleared");
}

TEST(Outbox, NeverRetriesFiringAfterResolvedIsKnown) {
  Outbox outbox;
  (void)outbox.Configure({Options()});
  (void)outbox.Add(About("a", MessageKind::kRaised, 0), 0);
  const auto first = outbox.TakeDue(0);
  (void)outbox.Add(About("a", MessageKind::kCleared, 10), 10);
  EXPECT_EQ(Reasons(outbox.Complete(first[0].ticket, Down(), 20)), "a:superseded");
  EXPECT_EQ(Names(outbox.TakeDue(2000)), "a:cleared");
}

TEST(Outbox, KeepsTheNewestStateWhileTheReceiverIsAway) {
  Outbox outbox;
  (void)outbox.Configure({Options()});
  (void)outbox.Add(About("down", MessageKind::kRaised, 0), 0);
  (void)outbox.Complete(outbox.TakeDue(0)[0].ticket, Down(), 0);
  (void)outbox.Add(About("a", MessageKind::kRaised, 1), 1);
  EXPECT_EQ(Reasons(outbox.Add(About("a", MessageKind::kRepeat, 2), 2)), "a:superseded");
  EXPECT_EQ(Reasons(outbox.Add(About("a", MessageKind::kCleared, 3), 3)), "a:superseded");
  EXPECT_EQ(outbox.stats()["hook"].messages, 2u);
  EXPECT_EQ(outbox.stats()["hook"].superseded, 2u);
}

TEST(Outbox, ADeadReceiverDelaysNoOther) {
  Outbox outbox;
  (void)outbox.Configure({Options("mail"), Options("hook")});
  (void)outbox.Add(About("a", MessageKind::kRaised, 0, 3, "mail"), 0);
  const auto mail = outbox.TakeDue(0);  // hangs
  ASSERT_EQ(mail.size(), 1u);
  for (int i = 0; i < 20; ++i) {
    const TimestampMs now = i * 100;
    (void)outbox.Add(About(fmt::format("a{}", i), MessageKind::kRaised, now), now);
    const auto due = outbox.TakeDue(now);
    ASSERT_EQ(due.size(), 1u);
    EXPECT_EQ(due[0].integration, "hook");
    (void)outbox.Complete(due[0].ticket, SendOutcome::Delivered(), now + 1);
  }
}

TEST(Outbox, BacksOffExponentiallyUpToAMinute) {
  Outbox outbox;
  (void)outbox.Configure({Options()});
  (void)outbox.Add(About("a", MessageKind::kRaised, 0), 0);
  TimestampMs now = 0;
  std::string key;
  for (int failure = 1; failure <= 12; ++failure) {
    const auto due = outbox.TakeDue(now);
    ASSERT_EQ(due.size(), 1u) << failure;
    if (key.empty()) key = due[0].key;
    EXPECT_EQ(due[0].key, key);
    EXPECT_EQ(due[0].attempt, failure);
    (void)outbox.Complete(due[0].ticket, Down(), now);
    const DurationMs whole = std::min<DurationMs>(1000 << (failure - 1), 60'000);
    const auto next = outbox.NextDue();
    ASSERT_TRUE(next);
    EXPECT_GE(*next - now, whole / 2) << failure;
    EXPECT_LE(*next - now, whole) << failure;
    EXPECT_EQ(Names(outbox.TakeDue(*next - 1)), "");
    now = *next;
  }
}

TEST(Outbox, HonoursRetryAfterWithinABound) {
  Outbox outbox;
  (void)outbox.Configure({Options()});
  (void)outbox.Add(About("a", MessageKind::kRaised, 0), 0);
  auto due = outbox.TakeDue(0);
  (void)outbox.Complete(due[0].ticket, SendOutcome::Retry(FailureReason::kRateLimited, "429", 30'000), 0);
  EXPECT_EQ(outbox.NextDue(), 30'000);
  due = outbox.TakeDue(30'000);
  ASSERT_EQ(due.size(), 1u);
  (void)outbox.Complete(due[0].ticket, SendOutcome::Retry(FailureReason::kRateLimited, "429", 100 * kHourMs), 30'000);
  EXPECT_EQ(outbox.NextDue(), 30'000 + 10 * kMinuteMs);
}

TEST(Outbox, SendsOneProbeWhileFailingAndAllAfterASuccess) {
  Outbox outbox;
  (void)outbox.Configure({Options()});
  for (const char* name : {"a", "b", "c"}) (void)outbox.Add(About(name, MessageKind::kRaised, 0), 0);
  for (const Parcel& parcel : outbox.TakeDue(0)) (void)outbox.Complete(parcel.ticket, Down(), 0);
  EXPECT_EQ(outbox.stats()["hook"].failures_in_a_row, 1);
  auto probe = outbox.TakeDue(1000);
  ASSERT_EQ(probe.size(), 1u);
  (void)outbox.Complete(probe[0].ticket, SendOutcome::Delivered(), 1100);
  EXPECT_EQ(outbox.TakeDue(1100).size(), 2u);
}

TEST(Outbox, OneBadMessageDoesNotHoldUpTheOthers) {
  Outbox outbox;
  (void)outbox.Configure({Options()});
  (void)outbox.Add(About("bad", MessageKind::kRaised, 0), 0);
  (void)outbox.Add(About("good", MessageKind::kRaised, 0), 0);
  TimestampMs now = 0;
  bool delivered = false;
  for (int round = 0; round < 3 && !delivered; ++round) {
    for (const Parcel& parcel : outbox.TakeDue(now)) {
      const bool is_bad = parcel.messages[0].alert->rule == "bad";
      (void)outbox.Complete(parcel.ticket,
                            is_bad ? SendOutcome::Retry(FailureReason::kServerError, "500") : SendOutcome::Delivered(),
                            now);
      delivered = delivered || !is_bad;
    }
    now += 1000;
  }
  EXPECT_TRUE(delivered);
}

TEST(Outbox, AFinalErrorIsNotTriedAgainAndDoesNotSlowTheLane) {
  Outbox outbox;
  (void)outbox.Configure({Options()});
  (void)outbox.Add(About("a", MessageKind::kRaised, 0), 0);
  (void)outbox.Add(About("b", MessageKind::kRaised, 0), 0);
  const auto due = outbox.TakeDue(0);
  const auto finished = outbox.Complete(due[0].ticket, SendOutcome::Final(FailureReason::kClientError, "400"), 0);
  EXPECT_EQ(Reasons(finished), "a:delivery_failed");
  EXPECT_EQ(outbox.stats()["hook"].failed[static_cast<std::size_t>(FailureReason::kClientError)], 1u);
  (void)outbox.Add(About("c", MessageKind::kRaised, 0), 0);
  EXPECT_EQ(Names(outbox.TakeDue(0)), "c:raised");
}

TEST(Outbox, GivesUpAfterADay) {
  Outbox outbox;
  (void)outbox.Configure({Options()});
  (void)outbox.Add(About("a", MessageKind::kRaised, 0), 0);
  const auto due = outbox.TakeDue(kDayMs);
  const auto finished = outbox.Complete(due[0].ticket, Down(), kDayMs);
  ASSERT_EQ(Reasons(finished), "a:delivery_failed");
  EXPECT_EQ(finished[0].error, "gave up after 1d: connection refused");
  EXPECT_TRUE(outbox.idle());
}

TEST(Outbox, BoundsWhatIsUnderWay) {
  LaneOptions options = Options();
  options.max_in_flight = 2;
  Outbox outbox;
  (void)outbox.Configure({options});
  for (const char* name : {"a", "b", "c"}) (void)outbox.Add(About(name, MessageKind::kRaised, 0), 0);
  const auto due = outbox.TakeDue(0);
  EXPECT_EQ(Names(due), "a:raised b:raised");
  EXPECT_EQ(outbox.NextDue(), std::nullopt);
  (void)outbox.Complete(due[1].ticket, SendOutcome::Delivered(), 1);
  EXPECT_EQ(Names(outbox.TakeDue(1)), "c:raised");
}

TEST(Outbox, AFullQueueLosesTheMildestFirst) {
  LaneOptions options = Options();
  options.max_messages = 2;
  Outbox outbox;
  (void)outbox.Configure({options});
  (void)outbox.Add(About("critical", MessageKind::kRaised, 0, 4), 0);
  (void)outbox.Add(About("info", MessageKind::kRaised, 0, 1), 0);
  EXPECT_EQ(Reasons(outbox.Add(About("high", MessageKind::kRaised, 0, 3), 0)), "info:queue_full");
  EXPECT_EQ(Reasons(outbox.Add(About("warning", MessageKind::kRaised, 0, 2), 0)), "warning:queue_full");
  EXPECT_EQ(Names(outbox.TakeDue(0)), "critical:raised high:raised");
}

TEST(Outbox, CollapsesPastTheLimitIntoOneDigestThatListsAll) {
  LaneOptions options = Options();
  options.limit = ReceiverSpec::Limit{3, kHourMs};
  Outbox outbox;
  (void)outbox.Configure({options});
  for (const char* name : {"a", "b", "c", "d", "e"}) (void)outbox.Add(About(name, MessageKind::kRaised, 0), 0);
  auto due = outbox.TakeDue(0);
  ASSERT_EQ(Names(due), "a:raised b:raised c:raised+d:raised+e:raised");
  for (const Parcel& parcel : due) (void)outbox.Complete(parcel.ticket, SendOutcome::Delivered(), 10);
  (void)outbox.Add(About("f", MessageKind::kRaised, 20), 20);
  (void)outbox.Add(About("g", MessageKind::kRaised, 30), 30);
  EXPECT_EQ(Names(outbox.TakeDue(30)), "");
  EXPECT_EQ(outbox.NextDue(), kHourMs);
  due = outbox.TakeDue(kHourMs);
  EXPECT_EQ(Names(due), "f:raised g:raised");
  EXPECT_EQ(outbox.stats()["hook"].digests, 1u);
}

TEST(Outbox, TheLimitKnowsWhatWasSentBeforeARestart) {
  LaneOptions options = Options();
  options.limit = ReceiverSpec::Limit{1, kHourMs};
  Outbox outbox;
  (void)outbox.Configure({options});
  outbox.RememberSent("hook", 1000);
  (void)outbox.Add(About("a", MessageKind::kRaised, 2000), 2000);
  EXPECT_EQ(Names(outbox.TakeDue(2000)), "");
  EXPECT_EQ(outbox.NextDue(), 1000 + kHourMs);
}

TEST(Outbox, AFailedAttemptDoesNotUseUpTheLimit) {
  LaneOptions options = Options();
  options.limit = ReceiverSpec::Limit{1, kHourMs};
  Outbox outbox;
  (void)outbox.Configure({options});
  (void)outbox.Add(About("a", MessageKind::kRaised, 0), 0);
  (void)outbox.Complete(outbox.TakeDue(0)[0].ticket, Down(), 0);
  EXPECT_EQ(Names(outbox.TakeDue(1000)), "a:raised");
}

TEST(Outbox, ARemovedReceiverGivesBackWhatWaits) {
  Outbox outbox;
  (void)outbox.Configure({Options("hook"), Options("mail")});
  (void)outbox.Add(About("a", MessageKind::kRaised, 0), 0);
  const auto due = outbox.TakeDue(0);
  (void)outbox.Add(About("b", MessageKind::kRaised, 0), 0);
  EXPECT_EQ(outbox.Configure({Options("mail")}).size(), 2u);
  EXPECT_TRUE(outbox.Complete(due[0].ticket, SendOutcome::Delivered(), 1).empty());
  EXPECT_EQ(Reasons(outbox.Add(About("c", MessageKind::kRaised, 0), 0)), "c:receiver_gone");
  EXPECT_EQ(outbox.in_flight(), 0);
}

TEST(Outbox, ExpediteForgetsAllPauses) {
  Outbox outbox;
  (void)outbox.Configure({Options()});
  (void)outbox.Add(About("a", MessageKind::kRaised, 0), 0);
  (void)outbox.Complete(outbox.TakeDue(0)[0].ticket, Down(), 0);
  EXPECT_EQ(Names(outbox.TakeDue(1)), "");
  outbox.Expedite();
  EXPECT_EQ(Names(outbox.TakeDue(1)), "a:raised");
}

}  // namespace
}  // namespace tickbird::notify
