#include "agent/health/probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tickbird::health {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr TimestampMs kNow = 1'700'000'000'000;

class HealthDocumentTest : public ::testing::Test {
 protected:
  HealthDocumentTest() {
    components_.SetPhase(AgentPhase::kReady);
    wal_.Set(HealthStatus::kPass, "", kNow);
  }

  CheckReport& AddCheck(std::string name, bool critical, CheckStatus status) {
    return checks_.emplace_back(CheckReport{.name = std::move(name),
                                            .critical = critical,
                                            .status = status,
                                            .reason = status == CheckStatus::kDown ? "status 503" : "",
                                            .duration_seconds = 0.012,
                                            .checked_at = status == CheckStatus::kUnknown ? 0 : kNow - 1000});
  }
  HealthDocument Document(TimestampMs now = kNow) const { return Evaluate(components_, checks_, now); }

  Components components_;
  Heartbeat& sampling_ = components_.AddHeartbeat("sampling", 10 * kSecondMs, kNow);
  Component& wal_ = components_.AddComponent("wal");
  std::vector<CheckReport> checks_;
};

TEST_F(HealthDocumentTest, PassesWhenAllIsWell) {
  AddCheck("api", true, CheckStatus::kUp);
  const HealthDocument document = Document();
  EXPECT_EQ(document.status, HealthStatus::kPass);
  EXPECT_EQ(HealthHttpStatus(document), 200);
  for (const ProbeAnswer& answer : {AnswerLive(document, {}), AnswerReady(document, {})}) {
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "ok");
  }
}

TEST_F(HealthDocumentTest, JudgesChecksByHowMuchTheyMatter) {
  struct Case {
    bool critical;
    CheckStatus check;
    HealthStatus health;
    int ready;
  };
  for (const Case& c : {Case{false, CheckStatus::kUp, HealthStatus::kPass, 200},
                        {false, CheckStatus::kDown, HealthStatus::kWarn, 200},
                        {false, CheckStatus::kUnknown, HealthStatus::kWarn, 200},
                        {true, CheckStatus::kDown, HealthStatus::kFail, 503},
                        {true, CheckStatus::kUnknown, HealthStatus::kWarn, 503}}) {
    checks_.clear();
    AddCheck("api", c.critical, c.check);
    const HealthDocument document = Document();
    EXPECT_EQ(document.status, c.health);
    EXPECT_EQ(HealthHttpStatus(document), c.health == HealthStatus::kFail ? 503 : 200);
    EXPECT_EQ(AnswerReady(document, {}).status, c.ready);
    EXPECT_EQ(AnswerLive(document, {}).status, 200);
  }
}

TEST_F(HealthDocumentTest, FailsWhenALoopStandsStill) {
  EXPECT_EQ(Document(kNow + 10'000).status, HealthStatus::kPass);
  const HealthDocument late = Document(kNow + 10'001);
  EXPECT_EQ(late.status, HealthStatus::kFail);
  EXPECT_EQ(AnswerLive(late, {.reveal = true}).status, 503);
  EXPECT_THAT(AnswerLive(late, {.reveal = true}).body, HasSubstr("[-]sampling failed: no heartbeat for 10s"));
  sampling_.Beat(kNow + 10'001);
  EXPECT_EQ(AnswerLive(Document(kNow + 10'001), {}).status, 200);
}

TEST_F(HealthDocumentTest, IsNotReadyButLiveWhileACoreComponentFails) {
  wal_.Set(HealthStatus::kFail, "disk full", kNow);
  EXPECT_EQ(Document().status, HealthStatus::kFail);
  EXPECT_EQ(AnswerReady(Document(), {}).status, 503);
  EXPECT_EQ(AnswerLive(Document(), {}).status, 200);
  wal_.Set(HealthStatus::kWarn, "slow disk", kNow);
  EXPECT_EQ(Document().status, HealthStatus::kWarn);
  EXPECT_EQ(AnswerReady(Document(), {}).status, 200);
}

TEST_F(HealthDocumentTest, IsNotReadyAtTheStartAndWhileDraining) {
  for (const auto& [phase, word] :
       {std::pair{AgentPhase::kStarting, "starting"}, {AgentPhase::kDraining, "draining"}}) {
    components_.SetPhase(phase);
    EXPECT_EQ(AnswerReady(Document(), {.reveal = true}).body,
              std::string("[-]agent failed: ") + word + "\n[+]sampling ok\n[+]wal ok\nready check failed\n");
    EXPECT_EQ(AnswerLive(Document(), {}).status, 200);
    EXPECT_EQ(HealthHttpStatus(Document()), 200);
  }
}

TEST_F(HealthDocumentTest, WithholdsReasons) {
  AddCheck("api", true, CheckStatus::kDown);
  EXPECT_EQ(AnswerReady(Document(), {}).body,
            "[+]agent ok\n[+]sampling ok\n[+]wal ok\n[-]api failed: reason withheld\nready check failed\n");
  EXPECT_THAT(AnswerReady(Document(), {.reveal = true}).body, HasSubstr("[-]api failed: status 503\n"));
  EXPECT_THAT(RenderJson(Document(), {}), Not(HasSubstr("status 503")));
}

TEST_F(HealthDocumentTest, ListsAllWhenVerboseAndCountsExcludedAsPassing) {
  AddCheck("api", true, CheckStatus::kDown);
  const ProbeAnswer answer = AnswerReady(Document(), {.verbose = true, .exclude = {"api"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "[+]agent ok\n[+]sampling ok\n[+]wal ok\n[+]api excluded: ok\nready check passed\n");
}

TEST_F(HealthDocumentTest, AnswersForOneCheck) {
  AddCheck("api", true, CheckStatus::kDown);
  AddCheck("cache", false, CheckStatus::kDown);
  EXPECT_EQ(AnswerReady(Document(), {.only = "wal"}).body, "ok");
  EXPECT_EQ(AnswerReady(Document(), {.only = "api"}).status, 503);
  EXPECT_EQ(AnswerReady(Document(), {.only = "nobody"}).status, 404);
}

TEST_F(HealthDocumentTest, RendersEveryEntryAsText) {
  AddCheck("api", true, CheckStatus::kDown);
  AddCheck("cache", false, CheckStatus::kDown);
  EXPECT_EQ(RenderVerbose(Document(), {.reveal = true}),
            "[+]agent ok\n[+]sampling ok\n[+]wal ok\n[-]api failed: status 503\n[-]cache warns: status 503\nhealth "
            "check failed\n");
  checks_.erase(checks_.begin());
  EXPECT_THAT(RenderVerbose(Document(), {}), HasSubstr("health check passed\n"));
}

TEST_F(HealthDocumentTest, RendersJson) {
  AddCheck("api", true, CheckStatus::kDown);
  EXPECT_EQ(
      RenderJson(Document(kNow + 500), {.release = "0.1.0", .service_id = "host-1", .reveal = true}),
      R"({"status":"fail","releaseId":"0.1.0","serviceId":"host-1","description":"Tickbird agent","checks":{)"
      R"("agent:status":[{"componentId":"agent","componentType":"system","status":"pass","time":"2023-11-14T22:13:20.500Z"}],)"
      R"("sampling:heartbeatAge":[{"componentId":"sampling","componentType":"system","status":"pass","observedValue":0.5,)"
      R"("observedUnit":"s","time":"2023-11-14T22:13:20Z"}],)"
      R"("wal:status":[{"componentId":"wal","componentType":"system","status":"pass","time":"2023-11-14T22:13:20Z"}],)"
      R"("api:responseTime":[{"componentId":"api","componentType":"component","status":"fail","critical":true,)"
      R"("observedValue":0.012,"observedUnit":"s","time":"2023-11-14T22:13:19Z","output":"status 503"}]}})");
}

}  // namespace
}  // namespace tickbird::health
