#include "notifiers/notifier.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "core/base/log.h"
#include "notifiers/store/state_store.h"
#include "tests/testing/fake_http_client.h"
#include "tests/testing/fake_loop.h"
#include "tests/testing/fake_mail_client.h"

namespace tickbird::notify {
namespace {

using tickbird::testing::FakeHttpClient;
using tickbird::testing::FakeLoop;
using tickbird::testing::FakeMailClient;

constexpr TimestampMs kNow = 1'700'000'000'000;

/// Writes to a real state.db on the calling thread; the answer is posted, as the worker does it. Can fail or stall.
class InlinePersistence final : public Persistence {
 public:
  InlinePersistence(const std::string& path, FakeLoop& loop) : store_(*StateStore::Open(path)), loop_(loop) {}

  void Commit(StoreBatch batch, Done done) override {
    if (stalled) return;
    unsaved_.Merge(std::move(batch));
    Status status = failing ? Status(Error{ErrorCode::kTooLarge, "disk is full"}) : store_.Apply(unsaved_);
    if (status) unsaved_ = {};
    ++(status ? stats_.commits : stats_.failures);
    loop_.Post([done = std::move(done), status] { done(status); });
  }
  Stats stats() const override { return stats_; }

  bool failing = false;
  bool stalled = false;

 private:
  StateStore store_;
  FakeLoop& loop_;
  StoreBatch unsaved_;
  Stats stats_;
};

class FakeAlerts final : public ActiveAlerts {
 public:
  std::optional<AlertEvent> Find(std::uint64_t id) const override {
    const auto alert = raised.find(id);
    if (alert == raised.end()) return std::nullopt;
    return alert->second;
  }
  std::map<std::uint64_t, AlertEvent> raised;
};

ReceiverSpec Spec(std::string name, std::string kind, std::vector<ReceiverField> fields) {
  return {.name = std::move(name), .kind = std::move(kind), .fields = std::move(fields)};
}

class NotifierTest : public ::testing::Test {
 protected:
  NotifierTest() {
    log::SetSink([](std::string_view) {});
    char pattern[] = "/tmp/tickbird_notifier_XXXXXX";
    directory_ = ::mkdtemp(pattern);
    Start();
  }
  ~NotifierTest() override {
    notifier_.reset();
    log::SetSink(nullptr);
    std::filesystem::remove_all(directory_);
  }

  void Start() {
    NotifierEnvironment environment{
        loop_.clock,
        [this](TimestampMs at, std::function<void()> fn) { loop_.Schedule(at, std::move(fn)); },
        [this](std::function<void()> fn) { loop_.Post(std::move(fn)); },
        alerts_,
        {http_, mail_, fs_, "host1", "http://tick.example"}};
    auto receivers = ReceiverSet::Create(Receivers(), environment.channels);
    ASSERT_TRUE(receivers) << receivers.error()[0].error.message;
    auto persistence = std::make_unique<InlinePersistence>(directory_ + "/state.db", loop_);
    persistence_ = persistence.get();
    StoredState stored = *StateStore::Open(directory_ + "/state.db")->Load(loop_.clock.Now());
    notifier_ = std::make_unique<Notifier>(environment, NotifierOptions());
    notifier_->Start(std::move(stored), std::move(persistence), std::move(*receivers));
  }

  /// kill -9: nothing posted or scheduled happens any more, and what is under way is never answered.
  void Kill() {
    loop_.Forget();
    http_.waiting.clear();
    http_.requests.clear();
    mail_.waiting.clear();
    mail_.mails.clear();
    persistence_->stalled = true;  // the destructor must not write what a killed process could not
    notifier_.reset();
    loop_.Forget();
  }

  std::vector<ReceiverSpec> Receivers() const {
    return {Spec("hook", "webhook", {{"url", "http://hook.example/x", {}}}),
            Spec("mail", "email", {{"to", "ops@example.org", {}}, {"smarthost", "smtp.example:587", {}}})};
  }

  AlertEvent Event(AlertEvent::Kind kind, std::vector<std::string> to = {"hook"}) {
    AlertEvent event;
    event.kind = kind;
    event.rule = "memory_high";
    event.labels = Labels{{"alertname", "memory_high"}, {"instance", "a"}};
    event.id = event.labels.Hash();
    event.level = {"high", 3};
    event.value = 0.9;
    event.at = loop_.clock.Now();
    event.since = kNow;
    event.summary = "Memory is high";
    NotifyPolicy policy;
    for (std::string& receiver : to) policy.notify.push_back({std::move(receiver), {}, 0});
    policy.repeat = GrowingDelay{kHourMs, 1, 0};
    event.policy = std::make_shared<const NotifyPolicy>(policy);
    if (kind == AlertEvent::Kind::kCleared) {
      alerts_.raised.erase(event.id);
    } else {
      alerts_.raised[event.id] = event;
    }
    return event;
  }

  std::string KeyOf(const OutgoingRequest& request) const {
    for (const auto& [name, value] : request.headers) {
      if (name == "webhook-id") return value;
    }
    return {};
  }

  std::string directory_;
  FakeLoop loop_{kNow};
  FakeAlerts alerts_;
  FakeHttpClient http_;
  FakeMailClient mail_;
  PosixFs fs_;
  InlinePersistence* persistence_ = nullptr;
  std::unique_ptr<Notifier> notifier_;
};

TEST_F(NotifierTest, SendsOnceTheDecisionIsStored) {
  notifier_->OnEvent(Event(AlertEvent::Kind::kRaised));
  EXPECT_TRUE(http_.requests.empty());
  loop_.RunPosted();
  ASSERT_EQ(http_.requests.size(), 1u);
  EXPECT_EQ(http_.requests[0].url, "http://hook.example/x");
  http_.Answer(200);
  loop_.Run(kMinuteMs);
  EXPECT_EQ(http_.requests.size(), 1u);
  EXPECT_EQ(notifier_->Stats().lanes["hook/webhook[0]"].delivered, 1u);
  EXPECT_EQ(notifier_->Stats().open_incidents, 1u);
}

TEST_F(NotifierTest, KilledBeforeTheFirstAttemptSendsAfterTheRestart) {
  notifier_->OnEvent(Event(AlertEvent::Kind::kRaised));
  loop_.RunOne();  // commits; the answer that would send is still to come
  EXPECT_TRUE(http_.requests.empty());
  Kill();
  Start();
  loop_.RunPosted();
  ASSERT_EQ(http_.requests.size(), 1u);
  const std::string key = KeyOf(http_.requests[0]);
  Kill();
  Start();
  loop_.RunPosted();
  ASSERT_EQ(http_.requests.size(), 1u);
  EXPECT_EQ(KeyOf(http_.requests[0]), key);
  http_.Answer(200);
  loop_.RunPosted();
  Kill();
  Start();
  notifier_->Reconcile();
  loop_.Run(kMinuteMs);
  EXPECT_TRUE(http_.requests.empty());
  EXPECT_EQ(notifier_->ActiveAlertEvents().size(), 1u);
}

TEST_F(NotifierTest, RetriesWithTheSameKeyUntilItArrives) {
  notifier_->OnEvent(Event(AlertEvent::Kind::kRaised));
  loop_.RunPosted();
  http_.Answer(503);
  loop_.Run(kSecondMs);
  ASSERT_EQ(http_.requests.size(), 2u);
  EXPECT_EQ(KeyOf(http_.requests[0]), KeyOf(http_.requests[1]));
  http_.Answer(200);
  loop_.Run(10 * kMinuteMs);
  EXPECT_EQ(http_.requests.size(), 2u);
}

TEST_F(NotifierTest, AMailServerThatHangsDelaysNoWebhook) {
  notifier_->OnEvent(Event(AlertEvent::Kind::kRaised, {"mail", "hook"}));
  loop_.RunPosted();
  EXPECT_EQ(mail_.mails.size(), 1u);
  EXPECT_EQ(http_.requests.size(), 1u);
  http_.Answer(200);
  notifier_->OnEvent(Event(AlertEvent::Kind::kCleared, {"mail", "hook"}));
  loop_.RunPosted();
  EXPECT_EQ(http_.requests.size(), 2u);
  EXPECT_EQ(mail_.mails.size(), 1u);
}

TEST_F(NotifierTest, GoesOnWhenTheDiskIsFullAndStoresLater) {
  persistence_->failing = true;
  notifier_->OnEvent(Event(AlertEvent::Kind::kRaised));
  loop_.RunPosted();
  ASSERT_EQ(http_.requests.size(), 1u);
  EXPECT_EQ(notifier_->Stats().sent_before_stored, 1u);
  persistence_->failing = false;
  http_.Answer(200);
  loop_.RunPosted();
  Kill();
  Start();
  EXPECT_EQ(notifier_->ActiveAlertEvents().size(), 1u);
  loop_.RunPosted();
  EXPECT_TRUE(http_.requests.empty());
}

TEST_F(NotifierTest, DoesNotWaitForAStalledDisk) {
  persistence_->stalled = true;
  notifier_->OnEvent(Event(AlertEvent::Kind::kRaised));
  loop_.Run(kSecondMs);
  EXPECT_TRUE(http_.requests.empty());
  loop_.Run(kSecondMs);
  EXPECT_EQ(http_.requests.size(), 1u);
}

TEST_F(NotifierTest, RemindsFromItsOwnTimer) {
  notifier_->OnEvent(Event(AlertEvent::Kind::kRaised));
  loop_.RunPosted();
  http_.Answer(200);
  loop_.Run(kHourMs);
  EXPECT_EQ(http_.requests.size(), 2u);
}

TEST_F(NotifierTest, AcknowledgesAndSaysWhenItIsStored) {
  notifier_->OnEvent(Event(AlertEvent::Kind::kRaised));
  loop_.RunPosted();
  http_.Answer(200);
  const std::uint64_t id = notifier_->Incidents().at(0).alert.id;
  bool stored = false;
  ASSERT_TRUE(
      notifier_->Acknowledge(id, {"ann", "on it", {}}, [&](const Status& status) { stored = status.has_value(); }));
  EXPECT_FALSE(stored);
  loop_.RunPosted();
  EXPECT_TRUE(stored);
  const IncidentView view = notifier_->Incidents().at(0);
  EXPECT_EQ(view.ack->who, "ann");
  EXPECT_EQ(view.told, std::vector<std::string>{"hook"});
  EXPECT_EQ(view.next_repeat, std::nullopt);
  Kill();
  Start();
  EXPECT_EQ(notifier_->Incidents().at(0).ack->note, "on it");
  loop_.Run(kDayMs);
  EXPECT_TRUE(http_.requests.empty());
  EXPECT_FALSE(notifier_->Acknowledge(1, {"ann", "", {}}));
}

TEST_F(NotifierTest, ManyEventsOfOneTurnAreOneCommit) {
  for (int i = 0; i < 100; ++i) {
    AlertEvent event = Event(AlertEvent::Kind::kRaised);
    event.labels = Labels{{"alertname", "memory_high"}, {"instance", std::to_string(i)}};
    event.id = event.labels.Hash();
    notifier_->OnEvent(event);
  }
  loop_.RunPosted();
  EXPECT_EQ(notifier_->Stats().store.commits, 1u);
  EXPECT_EQ(http_.requests.size(), 8u);  // what one lane has under way
  while (!http_.waiting.empty()) http_.Answer(200);
  EXPECT_EQ(http_.requests.size(), 100u);
}

TEST_F(NotifierTest, KeepsFewTimersHoweverMuchHappens) {
  for (int i = 0; i < 100; ++i) {
    notifier_->OnEvent(Event(i % 2 == 0 ? AlertEvent::Kind::kRaised : AlertEvent::Kind::kCleared));
    loop_.RunPosted();
    while (!http_.waiting.empty()) http_.Answer(200);
    loop_.Run(100);
  }
  EXPECT_LT(loop_.timers(), 10u);
}

TEST_F(NotifierTest, DropsAndCountsWhatARemovedReceiverShouldHaveHad) {
  notifier_->OnEvent(Event(AlertEvent::Kind::kRaised));
  loop_.RunPosted();
  notifier_->ReplaceReceivers(ReceiverSet());
  EXPECT_EQ(notifier_->Stats().decisions[Reason::kReceiverGone], 1u);
  http_.Answer(200);  // too late, and harmless
  notifier_->OnEvent(Event(AlertEvent::Kind::kCleared));
  EXPECT_EQ(notifier_->Stats().decisions[Reason::kNoReceiver], 1u);
}

TEST_F(NotifierTest, DrainsWhenAllIsDelivered) {
  notifier_->OnEvent(Event(AlertEvent::Kind::kRaised));
  loop_.RunPosted();
  http_.Answer(Error{ErrorCode::kUnavailable, "connection refused"});
  std::optional<bool> drained;
  notifier_->Drain(loop_.clock.Now() + 5 * kSecondMs, [&](bool all) { drained = all; });
  loop_.RunPosted();
  EXPECT_EQ(drained, std::nullopt);
  ASSERT_EQ(http_.waiting.size(), 1u);  // at once, without the pause
  http_.Answer(200);
  loop_.RunPosted();
  EXPECT_EQ(drained, true);
}

TEST_F(NotifierTest, DrainGivesUpAtItsDeadline) {
  notifier_->OnEvent(Event(AlertEvent::Kind::kRaised));
  loop_.RunPosted();
  std::optional<bool> drained;
  notifier_->Drain(loop_.clock.Now() + 5 * kSecondMs, [&](bool all) { drained = all; });
  loop_.Run(5 * kSecondMs - 1);
  EXPECT_EQ(drained, std::nullopt);
  loop_.Run(1);
  EXPECT_EQ(drained, false);
}

TEST_F(NotifierTest, DrainsAtOnceWhenThereIsNothing) {
  std::optional<bool> drained;
  notifier_->Drain(loop_.clock.Now() + 5 * kSecondMs, [&](bool all) { drained = all; });
  EXPECT_EQ(drained, std::nullopt);
  loop_.RunPosted();
  EXPECT_EQ(drained, true);
}

TEST_F(NotifierTest, SendsATestPastTheOutbox) {
  std::vector<TestResult> results;
  ASSERT_TRUE(notifier_->SendTest("hook", [&](std::vector<TestResult> all) { results = std::move(all); }));
  ASSERT_EQ(http_.requests.size(), 1u);
  EXPECT_NE(http_.requests[0].body.find("TickbirdTest"), std::string::npos);
  http_.Answer(404);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].outcome.result, SendOutcome::Result::kFinal);
  EXPECT_EQ(notifier_->SendTest("nobody", {}).error().code, ErrorCode::kNotFound);
}

TEST_F(NotifierTest, WhatTheRulesForgotIsClearedAtTheStart) {
  notifier_->OnEvent(Event(AlertEvent::Kind::kRaised));
  loop_.RunPosted();
  http_.Answer(200);
  loop_.RunPosted();
  Kill();
  alerts_.raised.clear();
  Start();
  notifier_->Reconcile();
  loop_.RunPosted();
  ASSERT_EQ(http_.requests.size(), 1u);
  EXPECT_NE(http_.requests[0].body.find("\"status\":\"resolved\""), std::string::npos);
}

TEST(ReceiverSet, ReportsEveryProblem) {
  FakeHttpClient http;
  FakeMailClient mail;
  PosixFs fs;
  const ChannelDeps deps{http, mail, fs, "host1", ""};
  const auto set = ReceiverSet::Create({Spec("a", "webhook", {}), Spec("b", "email", {}), Spec("c", "log", {})}, deps);
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().size(), 2u);
}

TEST(ReceiverSet, ChecksTheTargetsOfAPolicy) {
  FakeHttpClient http;
  FakeMailClient mail;
  PosixFs fs;
  const auto set = ReceiverSet::Create({Spec("hook", "log", {})}, {http, mail, fs, "host1", ""});
  NotifyPolicy policy;
  policy.notify = {{"hook", {}, 0}};
  EXPECT_TRUE(set->CheckTargets(policy));
  policy.escalation = {{kMinuteMs, {{"hok", {}, 0}}}};
  EXPECT_EQ(set->CheckTargets(policy).error().message, "no receiver is named \"hok\" (did you mean \"hook\"?)");
  policy.escalation = {{kMinuteMs, {{"hook", {"lead"}, 0}}}};
  EXPECT_EQ(set->CheckTargets(policy).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace tickbird::notify
