#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notifiers/channels/slack/payload.h"
#include "tests/unit/channels/samples.h"

namespace tickbird::notify {
namespace {

using testing::Bench;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Raised;
using testing::Spec;
using ::testing::StartsWith;

TEST(BuildSlackPayload, HasTextForThePhoneAndAColour) {
  const std::string payload = BuildSlackPayload({Raised()}, {.channel = "#alerts"}, "http://tick.example");
  EXPECT_THAT(
      payload,
      StartsWith(
          R"({"channel":"#alerts","text":"[high] Memory at 87.3% on a","attachments":[{"color":"#bc4c00",)"
          R"("fallback":"[high] Memory at 87.3% on a","title":"memory_high","title_link":"http://tick.example")"));
  EXPECT_THAT(payload, HasSubstr("tickbird ack 0123456789abcdef"));
  EXPECT_THAT(payload,
              HasSubstr("It grows.\\nRaise the "
                        "limit.\\n\\u003chttps://runbooks.example.org/memory?x=1\\u0026amp;y=2|Runbook\\u003e"));
}

TEST(BuildSlackPayload, ClearIsGreenAndAsksNobody) {
  const std::string payload = BuildSlackPayload({testing::Cleared()}, {}, "");
  EXPECT_THAT(payload, HasSubstr("#1a7f37"));
  EXPECT_THAT(payload, Not(HasSubstr("tickbird ack")));
}

TEST(BuildSlackPayload, LetsNoTextMentionOrLink) {
  AlertEvent alert = testing::Alert();
  alert.summary = "<!channel> & co";
  alert.detail = "<!here>";
  alert.runbook = "https://x|<!here>";
  alert.labels = Labels{{"alertname", "<@U1>"}};
  alert.rule = "<!everyone>";
  const std::string payload = BuildSlackPayload({testing::About(alert)}, {}, "http://t");
  // A '<' that Slack would act on is written \u003c in our JSON; escaped text has &lt; (\u0026lt;) in its place.
  EXPECT_THAT(payload, Not(HasSubstr("\\u003c!")));
  EXPECT_THAT(payload, Not(HasSubstr("\\u003c@")));
  EXPECT_THAT(payload, HasSubstr("\\u0026lt;!channel\\u0026gt; \\u0026amp; co"));
}

TEST(BuildSlackPayload, KeepsWithinSlacksLimits) {
  AlertEvent alert = testing::Alert();
  alert.summary = std::string(5000, 'x');
  alert.detail = std::string(50'000, 'y');
  EXPECT_LT(BuildSlackPayload({testing::About(alert)}, {}, "").size(), 10'000u);
  const std::vector<Message> many(500, testing::About(alert));
  const std::string digest = BuildSlackPayload(many, {}, "");
  EXPECT_THAT(digest, HasSubstr("[digest] 500 alerts"));
  EXPECT_THAT(digest, HasSubstr("more"));
}

TEST(Slack, OnlyItsOwnOkIsSuccess) {
  struct Case {
    int status;
    const char* body;
    SendOutcome::Result result;
  };
  const Case cases[] = {{200, "ok", SendOutcome::Result::kDelivered},
                        {200, "<html>", SendOutcome::Result::kFinal},
                        {404, "no_service", SendOutcome::Result::kFinal},
                        {429, "", SendOutcome::Result::kRetry},
                        {500, "", SendOutcome::Result::kRetry}};
  for (const Case& c : cases) {
    Bench bench;
    auto channel = bench.Create(Spec("slack", {{"url", "https://hooks.example.org/T/B/x"}}));
    const auto outcome = bench.Send(**channel, {Raised()});
    bench.http.Answer(c.status, c.body);
    EXPECT_EQ((*outcome)->result, c.result) << c.status << c.body;
  }
}

TEST(Slack, QuotesSlacksWordForTheError) {
  Bench bench;
  auto channel = bench.Create(Spec("slack", {{"api_url", "https://hooks.example.org/T/B/x"}}));
  const auto outcome = bench.Send(**channel, {Raised()});
  bench.http.Answer(400, "invalid_payload");
  EXPECT_EQ((*outcome)->error, "answered 400: invalid_payload");
}

}  // namespace
}  // namespace tickbird::notify
