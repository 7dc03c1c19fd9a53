#include "agent/health/check.h"

#include <gtest/gtest.h>

#include "agent/health/check_state.h"

namespace tickbird::health {
namespace {

TEST(ParseStatusRange, ReadsSingleClassAndRange) {
  EXPECT_EQ(*ParseStatusRange("204"), (StatusRange{204, 204}));
  EXPECT_EQ(*ParseStatusRange("2xx"), (StatusRange{200, 299}));
  EXPECT_EQ(*ParseStatusRange("5XX"), (StatusRange{500, 599}));
  EXPECT_EQ(*ParseStatusRange("200-399"), (StatusRange{200, 399}));
}

TEST(ParseStatusRange, RefusesWhatIsNoStatus) {
  for (const char* text : {"", "20", "600", "0xx", "6xx", "2x", "200-", "-200", "300-200", "200-1000", "ok", "200 "}) {
    const auto range = ParseStatusRange(text);
    ASSERT_FALSE(range) << text;
    EXPECT_EQ(range.error().code, ErrorCode::kParse) << text;
  }
}

TEST(ParseTcpTarget, ReadsHostsAndAddresses) {
  const std::tuple<const char*, const char*, int> cases[] = {
      {"db:5432", "db", 5432}, {"127.0.0.1:6379", "127.0.0.1", 6379}, {"[::1]:6379", "::1", 6379}};
  for (const auto& [text, host, port] : cases) {
    const auto target = ParseTcpTarget(text);
    ASSERT_TRUE(target) << text;
    EXPECT_EQ(target->host, host);
    EXPECT_EQ(target->port, port);
  }
}

TEST(ParseTcpTarget, RefusesWhatHasNoHostOrPort) {
  for (const char* text : {"", "db", "db:", ":5432", "db:0", "db:65536", "db:http", "::1:6379", "[]:1", "[::1]"}) {
    EXPECT_FALSE(ParseTcpTarget(text)) << text;
  }
}

std::string Judge(const HttpCheck& check, int status, std::string body = "") {
  const CheckOutcome outcome = JudgeResponse(check, OutgoingResponse{.status = status, .body = std::move(body)});
  return outcome.ok ? "ok" : outcome.reason;
}

TEST(JudgeResponse, ExpectsSuccessUnlessTold) {
  EXPECT_EQ(Judge({}, 200), "ok");
  EXPECT_EQ(Judge({}, 299), "ok");
  EXPECT_EQ(Judge({}, 301), "status 301");
  EXPECT_EQ(Judge({}, 503), "status 503");
  const HttpCheck check{.expected_status = {{401, 401}, {300, 399}}};
  EXPECT_EQ(Judge(check, 401), "ok");
  EXPECT_EQ(Judge(check, 302), "ok");
  EXPECT_EQ(Judge(check, 200), "status 200");
}

TEST(JudgeResponse, LooksForTheExpectedText) {
  const HttpCheck check{.body_contains = "\"status\":\"ok\""};
  EXPECT_EQ(Judge(check, 200, "{\"status\":\"ok\"}"), "ok");
  EXPECT_EQ(Judge(check, 200, "maintenance"), "the body does not contain the expected text");
}

TEST(JudgeResponse, ReportsTheErrorWhenThereIsNoResponse) {
  const CheckOutcome outcome = JudgeResponse({}, Error{ErrorCode::kTimeout, "timed out after 5s"});
  EXPECT_FALSE(outcome.ok);
  EXPECT_EQ(outcome.reason, "timed out after 5s");
}

// '+' and '-' are results; the letter after each is the status: U(p), D(own).
std::string PlayRiseAndFall(int rise, int fall, std::string_view results) {
  RiseAndFall state(rise, fall);
  std::string statuses;
  for (const char result : results) {
    state.Note(result == '+');
    statuses += state.status() == CheckStatus::kUp ? 'U' : 'D';
  }
  return statuses;
}

TEST(RiseAndFall, ChangesSidesAfterSoManyResultsInARow) {
  struct Case {
    int rise, fall;
    const char* results;
    const char* statuses;
  };
  for (const Case& c : {Case{1, 1, "+-+-", "UDUD"},
                        {2, 3, "+--+---", "UUUUUUD"},
                        {2, 3, "-+-++", "DDDDU"},
                        {3, 1, "-++-+++", "DDDDDDU"}}) {
    EXPECT_EQ(PlayRiseAndFall(c.rise, c.fall, c.results), c.statuses) << c.results;
  }
}

TEST(RiseAndFall, KnowsNothingBeforeTheFirstResult) {
  EXPECT_EQ(RiseAndFall(2, 2).status(), CheckStatus::kUnknown);
}

TEST(CheckSchedule, StartsAtOnceAndThenAtTheInterval) {
  CheckSchedule schedule(10'000, 2000);
  EXPECT_TRUE(schedule.DueToStart(500));
  const auto run = schedule.Start(500);
  EXPECT_FALSE(schedule.DueToStart(20'000));
  EXPECT_TRUE(schedule.Finish(run, 600));
  EXPECT_EQ(schedule.NextDue(), 10'500);
  EXPECT_FALSE(schedule.DueToStart(10'499));
  EXPECT_TRUE(schedule.DueToStart(10'500));
}

TEST(CheckSchedule, GivesUpARunThatNobodyEndsAndIgnoresItsLateResult) {
  CheckSchedule schedule(1000, 2000);
  const auto lost = schedule.Start(0);
  EXPECT_EQ(schedule.NextDue(), 4000);
  EXPECT_FALSE(schedule.DueToGiveUp(3999));
  EXPECT_TRUE(schedule.DueToGiveUp(4000));
  EXPECT_TRUE(schedule.Finish(schedule.running(), 4000));
  const auto next = schedule.Start(4000);
  EXPECT_FALSE(schedule.Finish(lost, 4001));
  EXPECT_TRUE(schedule.Finish(next, 4002));
}

TEST(CheckSchedule, DoesNotWaitForAClockThatRanBackwards) {
  CheckSchedule schedule(1000, 2000);
  const auto run = schedule.Start(kHourMs);
  schedule.Finish(run, 5000);
  EXPECT_EQ(schedule.NextDue(), 6000);
}

}  // namespace
}  // namespace tickbird::health
