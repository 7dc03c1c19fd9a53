#include "notifiers/store/codec.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/unit/notify_store/samples.h"

namespace tickbird::notify {
namespace {

TEST(IncidentCodec, KeepsEveryField) {
  const Incident in = testing::FullIncident();
  const Result<Incident> out = DecodeIncident(EncodeIncident(in));
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->event.kind, in.event.kind);
  EXPECT_EQ(out->event.id, in.event.id);
  EXPECT_EQ(out->event.rule, in.event.rule);
  EXPECT_EQ(out->event.labels, in.event.labels);
  EXPECT_EQ(out->event.labels.Hash(), in.event.id);
  EXPECT_EQ(out->event.level, in.event.level);
  EXPECT_EQ(out->event.previous, in.event.previous);
  EXPECT_EQ(out->event.value, in.event.value);
  EXPECT_EQ(out->event.no_data, in.event.no_data);
  EXPECT_EQ(out->event.at, in.event.at);
  EXPECT_EQ(out->event.since, in.event.since);
  EXPECT_EQ(out->event.condition, in.event.condition);
  EXPECT_EQ(out->event.expression, in.event.expression);
  EXPECT_EQ(out->event.summary, in.event.summary);
  EXPECT_EQ(out->event.detail, in.event.detail);
  EXPECT_EQ(out->event.advice, in.event.advice);
  EXPECT_EQ(out->event.runbook, in.event.runbook);
  EXPECT_EQ(*out->event.policy, *in.event.policy);
  EXPECT_EQ(out->told, in.told);
  EXPECT_EQ(out->ack, in.ack);
  // The plain fields have no other spelling than this one: if one were lost, the second text would differ.
  EXPECT_EQ(EncodeIncident(*out), EncodeIncident(in));
  EXPECT_EQ(out->last_message, in.last_message);
  EXPECT_EQ(out->escalating_since, in.escalating_since);
  EXPECT_EQ(out->cooldown_until, in.cooldown_until);
  EXPECT_EQ(out->awaits_cooldown, in.awaits_cooldown);
  EXPECT_EQ(out->swallowed, in.swallowed);
  EXPECT_EQ(out->steps_done, in.steps_done);
}

TEST(IncidentCodec, KeepsNumbersThatJsonCannotSay) {
  for (const double value :
       {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(), 1e-300, -0.0}) {
    Incident in = testing::FullIncident();
    in.event.value = value;
    EXPECT_EQ(DecodeIncident(EncodeIncident(in))->event.value, value);
  }
  Incident in = testing::FullIncident();
  in.event.value = std::nan("");
  EXPECT_TRUE(std::isnan(DecodeIncident(EncodeIncident(in))->event.value));
}

TEST(MessageCodec, KeepsEveryField) {
  const Message in = testing::MessageAbout(testing::FullIncident(), 7);
  const Result<Message> out = DecodeMessage(EncodeMessage(in));
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->key, in.key);
  EXPECT_EQ(out->to, in.to);
  EXPECT_EQ(out->kind, in.kind);
  EXPECT_EQ(out->alert->labels, in.alert->labels);
  EXPECT_EQ(out->incident, in.incident);
  EXPECT_EQ(out->sequence, in.sequence);
  EXPECT_EQ(out->created, in.created);
  EXPECT_EQ(out->swallowed, in.swallowed);
  EXPECT_EQ(out->escalation_step, in.escalation_step);
}

TEST(IncidentCodec, RefusesWhatIsNoIncident) {
  for (const char* text :
       {"", "[]", "{", "7", R"({"event":7})", R"({"event":{"id":"zz","labels":{}}})", R"({"open":"yes"})",
        R"({"event":{"id":"0000000000000001","labels":{},"kind":9}})", R"({"sequence":-1})"}) {
    const Result<Incident> incident = DecodeIncident(text);
    ASSERT_FALSE(incident) << text;
    EXPECT_EQ(incident.error().code, ErrorCode::kCorruption) << text;
  }
}

TEST(IncidentCodec, IgnoresFieldsOfLaterVersions) {
  const std::string text = R"({"event":{"id":"0000000000000001","labels":{"a":"b"},"new":1},"open":true,"newer":{}})";
  const Result<Incident> incident = DecodeIncident(text);
  ASSERT_TRUE(incident) << incident.error().message;
  EXPECT_TRUE(incident->open);
}

}  // namespace
}  // namespace tickbird::notify
