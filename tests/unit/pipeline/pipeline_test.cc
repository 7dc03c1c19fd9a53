#include "notifiers/pipeline/pipeline.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/unit/pipeline/alert_script.h"

namespace tickbird::notify {
namespace {

struct Case {
  const char* name;
  const char* script;
};

class PipelineScript : public ::testing::TestWithParam<Case> {};

TEST_P(PipelineScript, HappensAsWritten) {
  testing::AlertScript script(/*restart_always=*/false);
  EXPECT_EQ(script.Run(GetParam().script), "");
}

TEST_P(PipelineScript, IsTheSameWhenTheAgentRestartsBeforeEachStep) {
  testing::AlertScript steady(/*restart_always=*/false);
  testing::AlertScript restarted(/*restart_always=*/true);
  EXPECT_EQ(steady.Run(GetParam().script), "");
  EXPECT_EQ(restarted.Run(GetParam().script), "");
  EXPECT_EQ(steady.keys(), restarted.keys());
}

TEST_P(PipelineScript, GivesEachMessageAKeyOfItsOwn) {
  testing::AlertScript script(/*restart_always=*/false);
  EXPECT_EQ(script.Run(GetParam().script), "");
  EXPECT_EQ(std::set(script.keys().begin(), script.keys().end()).size(), script.keys().size());
}

const Case kCases[] = {
    {"RaiseGoesToWhoWantsTheLevel", R"(
      policy notify=mail:2,hook:4
      at 0s raise high
        -> 0s raised mail
        ?? 0s notified
        ?? 0s below_level
      end 1d)"},
    {"ClearGoesToWhoWasTold", R"(
      policy notify=mail,hook:4
      at 0s raise high
        -> 0s raised mail
      at 5m clear
        -> 5m cleared mail
      end 1d)"},
    {"NothingIsClearedThatNobodyWasTold", R"(
      policy notify=mail:4
      at 0s raise high
      at 5m clear
        ?? 5m clear_untold
      end 1d)"},
    {"ClearRespectsSendResolved", R"(
      policy notify=quiet,mail
      at 0s raise high
        -> 0s raised quiet
        -> 0s raised mail
      at 1m clear
        -> 1m cleared mail
        ?? 1m resolved_unwanted)"},
    {"AnUnknownReceiverIsSaidAndTheOthersAreTold", R"(
      policy notify=nobody,mail
      at 0s raise high
        -> 0s raised mail
        ?? 0s no_receiver)"},
    {"OneReceiverNamedTwiceIsToldOnce", R"(
      policy notify=mail,mail:2
      at 0s raise high
        -> 0s raised mail)"},
    {"WorseLevelNotifiesAtOnceAndTellsMore", R"(
      policy notify=mail,hook:4 cooldown=15m
      at 0s raise high
        -> 0s raised mail
      at 1m up critical
        -> 1m level_up mail
        -> 1m level_up hook
      at 2m clear
        -> 2m cleared mail
        -> 2m cleared hook)"},
    {"MilderLevelIsQuiet", R"(
      policy notify=mail
      at 0s raise critical
        -> 0s raised mail
      at 1m down high
        ?? 1m level_down_quiet
      end 1h)"},
    {"MilderLevelIsToldWhereAskedFor", R"(
      policy notify=mail down
      at 0s raise critical
        -> 0s raised mail
      at 1m down high
        -> 1m level_down mail)"},
    {"FirstLevelThatQualifiesIsARaise", R"(
      policy notify=mail:3
      at 0s raise warning
        ?? 0s below_level
      at 1m up high
        -> 1m raised mail)"},

    {"CooldownSwallowsAndSendsAtItsEnd", R"(
      policy notify=mail cooldown=15m
      at 0s raise high
        -> 0s raised mail
      at 1m clear
        -> 1m cleared mail
      at 2m raise high
        ?? 2m cooldown_swallowed
        -> 15m raised mail swallowed=1
      at 20m clear
        -> 20m cleared mail
      end 2h)"},
    {"CooldownSwallowsAndForgetsWhatClears", R"(
      policy notify=mail cooldown=15m
      at 0s raise high
        -> 0s raised mail
      at 1m clear
        -> 1m cleared mail
      at 2m raise high
      at 3m clear
        ?? 3m clear_untold
      end 2h)"},
    {"CooldownCountsWhatItSwallowed", R"(
      policy notify=mail cooldown=15m
      at 0s raise high
        -> 0s raised mail
      at 1m clear
        -> 1m cleared mail
      at 2m raise high
      at 3m clear
      at 4m raise high
      at 5m clear
      at 16m raise high
        -> 16m raised mail swallowed=2
      end 1d)"},
    {"CooldownIsBrokenByAWorseLevelOnly", R"(
      policy notify=mail cooldown=15m
      at 0s raise high
        -> 0s raised mail
      at 1m clear
        -> 1m cleared mail
      at 2m raise warning
      at 3m up high
        ?? 3m cooldown_swallowed
      at 4m up critical
        -> 4m raised mail swallowed=2
      at 5m clear
        -> 5m cleared mail
      at 16m raise critical           # the cooldown started again at 4m
        -> 19m raised mail swallowed=1
      end 2h)"},
    {"LevelsThatFlutterWithinTheCooldownAreOneMessage", R"(
      policy notify=mail cooldown=15m
      at 0s raise critical
        -> 0s raised mail
      at 1m down high
      at 2m up critical
      at 3m down high
      at 4m up critical
        -> 15m level_up mail swallowed=2
      end 1d)"},
    {"CooldownGrowsWhileItIsNeeded", R"(
      policy notify=mail cooldown=10m*2<30m
      at 0s raise high
        -> 0s raised mail
      at 1m clear
        -> 1m cleared mail
      at 2m raise high
        -> 10m raised mail swallowed=1     # the next one: 20m
      at 11m clear
        -> 11m cleared mail
      at 12m raise high
        -> 30m raised mail swallowed=1     # the next one: 30m, the maximum
      at 31m clear
        -> 31m cleared mail
      at 32m raise high
        -> 60m raised mail swallowed=1
      at 61m clear
        -> 61m cleared mail
      at 3h raise high                     # quiet since: it starts small again
        -> 3h raised mail
      at 181m clear
        -> 181m cleared mail
      at 182m raise high
        -> 190m raised mail swallowed=1
      end 190m)"},
    {"CooldownContinuesOverARestart", R"(
      policy notify=mail cooldown=15m
      at 0s raise high
        -> 0s raised mail
      at 1m clear
        -> 1m cleared mail
      at 2m stop
      at 3m start
      at 4m raise high
        -> 15m raised mail swallowed=1
      end 1h)"},
    {"ACooldownThatEndedWhileDownSendsAtTheStart", R"(
      policy notify=mail cooldown=15m
      at 0s raise high
        -> 0s raised mail
      at 1m clear
        -> 1m cleared mail
      at 2m raise high
      at 3m stop
      at 40m start
        -> 40m raised mail swallowed=1
      end 2h)"},

    {"RepeatCountsFromTheLastMessage", R"(
      policy notify=mail,hook:4 repeat=1h
      at 0s raise high
        -> 0s raised mail
      at 30m up critical
        -> 30m level_up mail
        -> 30m level_up hook
        -> 90m repeat mail
        -> 90m repeat hook
      at 2h clear
        -> 2h cleared mail
        -> 2h cleared hook
      end 1d)"},
    {"RepeatGrowsUpToItsMaximum", R"(
      policy notify=mail repeat=1h*2<3h
      at 0s raise high
        -> 0s raised mail
        -> 1h repeat mail
        -> 3h repeat mail
        -> 6h repeat mail
        -> 9h repeat mail
      end 10h)"},
    {"RepeatStopsOnAckAndGoesOnWhenItExpires", R"(
      policy notify=mail repeat=1h ack=150m
      at 0s raise high
        -> 0s raised mail
      at 10m ack ann
        -> 160m repeat mail
        -> 220m repeat mail
      end 220m)"},
    {"OneOverdueRepeatAfterARestart", R"(
      policy notify=mail repeat=1h
      at 0s raise high
        -> 0s raised mail
      at 10m stop
      at 5h start
        -> 5h repeat mail
        -> 6h repeat mail
      end 6h)"},

    {"EscalationStepsCountFromTheFirstMessage", R"(
      policy notify=mail escalate=10m:pager,30m:lead+mail
      at 0s raise high
        -> 0s raised mail
        -> 10m escalation pager step=1
        -> 30m escalation lead step=2
        -> 30m escalation mail step=2
      at 40m clear
        -> 40m cleared mail
        -> 40m cleared pager
        -> 40m cleared lead
      end 1d)"},
    {"EscalationLoops", R"(
      policy notify=mail escalate=10m:pager,30m:lead loops=2
      at 0s raise high
        -> 0s raised mail
        -> 10m escalation pager step=1
        -> 30m escalation lead step=2
        -> 40m escalation pager step=1
        -> 1h escalation lead step=2
      end 1d)"},
    {"EscalationRespectsLevels", R"(
      policy notify=mail escalate=10m:pager:4
      at 0s raise high
        -> 0s raised mail
        ?? 10m below_level
      end 1d)"},
    {"EscalationRestartsAtAWorseLevel", R"(
      policy notify=mail escalate=10m:pager,30m:lead
      at 0s raise high
        -> 0s raised mail
        -> 10m escalation pager step=1
      at 15m up critical
        -> 15m level_up mail
        -> 25m escalation pager step=1
        -> 45m escalation lead step=2
      end 1d)"},
    {"EscalationStopsOnAckAndClear", R"(
      policy notify=mail escalate=10m:pager,30m:lead
      at 0s raise high
        -> 0s raised mail
        -> 10m escalation pager step=1
      at 12m ack ann
      at 1h clear
        -> 1h cleared mail
        -> 1h cleared pager
      end 1d)"},
    {"EscalationStartsAnewWhenTheAckExpires", R"(
      policy notify=mail escalate=10m:pager,30m:lead ack=1h
      at 0s raise high
        -> 0s raised mail
        -> 10m escalation pager step=1
      at 20m ack ann
        ?? 1h20m ack_expired
        -> 1h30m escalation pager step=1
        -> 1h50m escalation lead step=2
      end 1d)"},
    {"OverdueStepsRunOnceAfterARestart", R"(
      policy notify=mail escalate=10m:pager,30m:lead+pager loops=3
      at 0s raise high
        -> 0s raised mail
      at 5m stop
      at 75m start
        -> 75m escalation pager step=2
        -> 75m escalation lead step=2
        -> 90m escalation lead step=2
        -> 90m escalation pager step=2
      end 1d)"},
    {"NobodyToNotifyStillEscalates", R"(
      policy escalate=10m:pager
      at 0s raise high
        ?? 0s no_targets
        -> 10m escalation pager step=1
      at 11m clear
        -> 11m cleared pager)"},
    {"AMissingReceiverStillEscalates", R"(
      policy notify=nobody escalate=10m:pager
      at 0s raise high
        -> 10m escalation pager step=1
      end 1h)"},
    {"AnAlertBelowEveryTargetDoesNotEscalate", R"(
      policy notify=mail:3 escalate=10m:pager
      at 0s raise warning
      end 1h)"},
    {"RepeatWaitsForTheEscalationMessage", R"(
      policy notify=mail repeat=20m escalate=10m:pager
      at 0s raise high
        -> 0s raised mail
        -> 10m escalation pager step=1
        -> 30m repeat mail
      end 30m)"},

    {"AWorseLevelVoidsTheAck", R"(
      policy notify=mail escalate=10m:pager
      at 0s raise high
        -> 0s raised mail
      at 1m ack ann
      at 20m up critical
        ?? 20m ack_voided
        -> 20m level_up mail
        -> 30m escalation pager step=1
      end 1d)"},
    {"TheAcknowledgedLevelComingBackIsKnown", R"(
      policy notify=mail
      at 0s raise critical
        -> 0s raised mail
      at 1m ack ann
      at 2m down high
      at 3m up critical
        ?? 3m ack_holds
      end 1d)"},
    {"AnAckHoldsUntilItsTimeRegardlessOfThePolicy", R"(
      policy notify=mail repeat=10m ack=1d
      at 0s raise high
        -> 0s raised mail
      at 1m ack ann 30m
        -> 30m repeat mail
      end 30m)"},
    {"AnAckWithoutExpiryHoldsUntilTheClear", R"(
      policy notify=mail repeat=10m escalate=10m:pager
      at 0s raise high
        -> 0s raised mail
      at 1m ack ann
      at 20h clear
        -> 20h cleared mail
      at 21h raise high
        -> 21h raised mail
      end 21h)"},
    {"AnAckHoldsBackASwallowedRaise", R"(
      policy notify=mail cooldown=15m ack=30m
      at 0s raise high
        -> 0s raised mail
      at 1m clear
        -> 1m cleared mail
      at 2m raise high
      at 3m ack ann
        -> 33m raised mail swallowed=1
      end 1d)"},
    {"AnAckNeedsARaisedAlertAndAFuture", R"(
      policy notify=mail
      at 0s ack ann
        ?? 0s refused not_found
      at 1m raise high
        -> 1m raised mail
      at 2m ack ann 1m
        ?? 2m refused invalid_argument
      at 3m clear
        -> 3m cleared mail
      at 4m ack ann
        ?? 4m refused not_found)"},

    {"RaisedTwiceIsOneIncident", R"(
      policy notify=mail
      at 0s raise high
        -> 0s raised mail
      at 1m raise high
        ?? 1m already_raised
      at 2m raise critical
        -> 2m level_up mail)"},
    {"AnAlertThatTheRulesForgotEnds", R"(
      policy notify=mail repeat=1h
      at 0s raise high
        -> 0s raised mail
      at 10m gone
        ?? 10m rule_gone
        -> 10m cleared mail
      end 1d)"},
    {"WhatClearedWhileDownIsToldAtTheStart", R"(
      policy notify=mail
      at 0s raise high
        -> 0s raised mail
      at 10m stop
      at 15m clear
      at 20m start
        -> 20m cleared mail)"},
    {"AWorseLevelWhileDownIsToldAtTheStart", R"(
      policy notify=mail
      at 0s raise high
        -> 0s raised mail
      at 10m stop
      at 15m up critical
      at 20m start
        -> 20m level_up mail)"},
};

INSTANTIATE_TEST_SUITE_P(Rules, PipelineScript, ::testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

AlertEvent Alert(const char* instance, AlertEvent::Kind kind, TimestampMs at) {
  AlertEvent event;
  event.kind = kind;
  event.rule = "a";
  event.labels = Labels{{"alertname", "a"}, {"instance", instance}};
  event.id = event.labels.Hash();
  event.level = {"high", 3};
  event.at = at;
  event.since = at;
  NotifyPolicy policy;
  policy.notify = {{"mail", {}, 0}};
  policy.cooldown.first = kMinuteMs;
  event.policy = std::make_shared<const NotifyPolicy>(policy);
  return event;
}

class NoAlerts final : public ActiveAlerts {
 public:
  std::optional<AlertEvent> Find(std::uint64_t) const override { return std::nullopt; }
};

TEST(Pipeline, ForgetsClosedIncidentsAfterTheirCooldown) {
  Pipeline pipeline({{"mail", {{"mail", true}}}});
  EXPECT_EQ(pipeline.OnEvent(Alert("a", AlertEvent::Kind::kRaised, 1000), 1000).messages.size(), 1u);
  EXPECT_EQ(pipeline.OnEvent(Alert("a", AlertEvent::Kind::kCleared, 1000), 2000).messages.size(), 1u);
  EXPECT_EQ(pipeline.NextDue(), 61'000);
  const Effects effects = pipeline.Tick(61'000, NoAlerts());
  EXPECT_EQ(effects.forgotten.size(), 1u);
  EXPECT_TRUE(pipeline.incidents().empty());
  EXPECT_EQ(pipeline.NextDue(), std::nullopt);
}

TEST(Pipeline, AtItsLimitForgetsACoolingIncidentBeforeAnOpenOne) {
  Pipeline pipeline({{"mail", {{"mail", true}}}}, {.max_incidents = 2});
  (void)pipeline.OnEvent(Alert("a", AlertEvent::Kind::kRaised, 1000), 1000);
  (void)pipeline.OnEvent(Alert("b", AlertEvent::Kind::kRaised, 1000), 1000);
  (void)pipeline.OnEvent(Alert("b", AlertEvent::Kind::kCleared, 1000), 1500);
  const Effects effects = pipeline.OnEvent(Alert("c", AlertEvent::Kind::kRaised, 2000), 2000);
  EXPECT_EQ(effects.forgotten, std::vector{Alert("b", AlertEvent::Kind::kRaised, 0).id});
  EXPECT_EQ(pipeline.incidents().size(), 2u);
  EXPECT_NE(pipeline.Find(Alert("a", AlertEvent::Kind::kRaised, 0).id), nullptr);
}

TEST(Pipeline, AtItsLimitTellsWhatItCannotRemember) {
  Pipeline pipeline({{"mail", {{"mail", true}}}}, {.max_incidents = 1});
  (void)pipeline.OnEvent(Alert("a", AlertEvent::Kind::kRaised, 1000), 1000);
  const Effects effects = pipeline.OnEvent(Alert("b", AlertEvent::Kind::kRaised, 1000), 1000);
  EXPECT_EQ(effects.messages.size(), 1u);
  EXPECT_EQ(effects.decisions.back().reason, Reason::kIncidentLimit);
  EXPECT_EQ(pipeline.incidents().size(), 1u);
}

TEST(Grown, StopsAtItsMaximumAndNeverOverflows) {
  EXPECT_EQ(Grown({.first = 1000, .factor = 2, .max = 5000}, 0), 1000);
  EXPECT_EQ(Grown({.first = 1000, .factor = 2, .max = 5000}, 2), 4000);
  EXPECT_EQ(Grown({.first = 1000, .factor = 2, .max = 5000}, 3), 5000);
  EXPECT_GT(Grown({.first = 1000, .factor = 1e9, .max = 0}, 1000), 0);
  EXPECT_EQ(Grown({.first = 1000, .factor = 0.5, .max = 0}, 3), 1000);
}

}  // namespace
}  // namespace tickbird::notify
