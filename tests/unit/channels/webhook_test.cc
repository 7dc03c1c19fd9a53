#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "notifiers/channels/crypto.h"
#include "notifiers/channels/webhook/body.h"
#include "tests/unit/channels/samples.h"

namespace tickbird::notify {
namespace {

using testing::Bench;
using testing::Cleared;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;
using testing::Raised;
using testing::Spec;

TEST(BuildWebhookBody, IsAlertmanagersVersionFour) {
  EXPECT_EQ(
      BuildWebhookBody({Raised()}, "hook", "http://tick.example", 0),
      R"({"receiver":"hook","status":"firing","alerts":[{"status":"firing",)"
      R"("labels":{"alertname":"memory_high","instance":"a","severity":"high","team":"storage"},)"
      R"("annotations":{"advice":"Raise the limit.","description":"It grows.",)"
      R"("runbook_url":"https://runbooks.example.org/memory?x=1\u0026y=2","summary":"Memory at 87.3% on a","value":"0.873"},)"
      R"("startsAt":"2025-11-21T12:00:00Z","endsAt":"0001-01-01T00:00:00Z",)"
      R"("generatorURL":"http://tick.example/graph?g0.expr=1%20-%20a%20%2F%20b\u0026g0.tab=1","fingerprint":"0123456789abcdef"}],)"
      R"("groupLabels":{"alertname":"memory_high","instance":"a","team":"storage"},)"
      R"("commonLabels":{"alertname":"memory_high","instance":"a","severity":"high","team":"storage"},)"
      R"("commonAnnotations":{"advice":"Raise the limit.","description":"It grows.",)"
      R"("runbook_url":"https://runbooks.example.org/memory?x=1\u0026y=2","summary":"Memory at 87.3% on a","value":"0.873"},)"
      R"("externalURL":"http://tick.example","version":"4",)"
      R"("groupKey":"{}:{alertname=\"memory_high\", instance=\"a\", team=\"storage\"}","truncatedAlerts":0})");
}

TEST(BuildWebhookBody, ClearHasItsEnd) {
  const std::string body = BuildWebhookBody({Cleared()}, "hook", "", 0);
  EXPECT_THAT(body, HasSubstr(R"("status":"resolved")"));
  EXPECT_THAT(body, HasSubstr(R"("startsAt":"2025-11-21T12:00:00Z","endsAt":"2025-11-21T12:02:05Z")"));
}

TEST(BuildWebhookBody, ADigestIsAGroupOfWhatTheyShare) {
  AlertEvent other = testing::Alert();
  other.labels = Labels{{"alertname", "memory_high"}, {"instance", "b"}};
  const std::string body = BuildWebhookBody({Raised(), testing::About(other), Cleared()}, "hook", "", 2);
  EXPECT_THAT(body, HasSubstr(R"("status":"firing","alerts":[)"));
  EXPECT_THAT(body, HasSubstr(R"("groupLabels":{},"commonLabels":{"alertname":"memory_high","severity":"high"})"));
  EXPECT_THAT(body, HasSubstr(R"("groupKey":"{}:{}","truncatedAlerts":1)"));
}

TEST(SignWebhook, MatchesTheVectorOfStandardWebhooks) {
  EXPECT_EQ(SignWebhook("whsec_plJ3nmyCDGBKInavdOK15jsl", "msg_loFOjxBNrRLzqYUf", 1731705121,
                        R"({"event_type":"ping","data":{"success":true}})"),
            "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=");
}

TEST(SignWebhook, SignsWithEachSecretOfARotation) {
  const std::string both = SignWebhook("one two", "id", 1, "body");
  EXPECT_EQ(both, SignWebhook("one", "id", 1, "body") + " " + SignWebhook("two", "id", 1, "body"));
}

TEST(Base64, FollowsTheRfc) {
  for (const auto& [bytes, text] :
       {std::pair("", ""), {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(Base64Encode(bytes), text);
    EXPECT_EQ(Base64Decode(text), bytes);
  }
  EXPECT_EQ(Base64Decode("a*b"), std::nullopt);
}

TEST(Webhook, SendsTheKeyTimeAndSignature) {
  Bench bench;
  auto channel =
      bench.Create(Spec("webhook", {{"url", "https://hook.example.org/x"}, {"secret", "one"}, {"timeout", "3s"}}));
  ASSERT_TRUE(channel) << channel.error().message;
  const auto outcome = bench.Send(**channel, {Raised()});
  const OutgoingRequest& request = bench.http.requests.at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://hook.example.org/x");
  EXPECT_EQ(request.timeout, 3000);
  EXPECT_FALSE(request.follow_redirects);
  EXPECT_THAT(request.headers, Contains(Pair("Content-Type", "application/json")));
  EXPECT_THAT(request.headers, Contains(Pair("webhook-id", Raised().key)));
  EXPECT_THAT(request.headers, Contains(Pair("webhook-timestamp", "1763726400")));
  EXPECT_THAT(request.headers,
              Contains(Pair("webhook-signature", SignWebhook("one", Raised().key, 1763726400, request.body))));
  bench.http.Answer(204);
  EXPECT_EQ((*outcome)->result, SendOutcome::Result::kDelivered);
}

TEST(Webhook, TheKeyIsATokenWithoutDots) {
  EXPECT_EQ(Raised().key.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz-"), std::string::npos);
}

TEST(Webhook, ShowsItsCredentials) {
  Bench bench;
  auto basic = bench.Create(Spec("webhook", {{"url", "http://h/x"},
                                             {"http_config.basic_auth.username", "u"},
                                             {"http_config.basic_auth.password", "p"},
                                             {"http_config.http_headers.X-Team", "storage"}}));
  bench.Send(**basic, {Raised()});
  EXPECT_EQ(bench.http.requests[0].basic_auth_user, "u");
  EXPECT_EQ(bench.http.requests[0].basic_auth_password, "p");
  EXPECT_THAT(bench.http.requests[0].headers, Contains(Pair("X-Team", "storage")));
  auto bearer = bench.Create(Spec("webhook", {{"url", "http://h/x"}, {"http_config.authorization.credentials", "t"}}));
  bench.Send(**bearer, {Raised()});
  EXPECT_THAT(bench.http.requests[1].headers, Contains(Pair("Authorization", "Bearer t")));
}

TEST(Webhook, ReadsSecretFilesAtEachSend) {
  const std::string path = ::testing::TempDir() + "tickbird_webhook_url";
  Bench bench;
  auto channel = bench.Create(Spec("webhook", {{"url_file", path}}));
  ASSERT_TRUE(channel) << channel.error().message;
  auto outcome = bench.Send(**channel, {Raised()});
  EXPECT_EQ((*outcome)->result, SendOutcome::Result::kRetry);
  std::ofstream(path) << "http://one.example/\n";
  bench.Send(**channel, {Raised()});
  std::ofstream(path) << "http://two.example/\n";
  bench.Send(**channel, {Raised()});
  EXPECT_EQ(bench.http.requests.at(0).url, "http://one.example/");
  EXPECT_EQ(bench.http.requests.at(1).url, "http://two.example/");
  std::remove(path.c_str());
}

TEST(Webhook, AnAnswerAfterItsEndIsHarmless) {
  Bench bench;
  auto channel = bench.Create(Spec("webhook", {{"url", "http://h/x"}}));
  const auto outcome = bench.Send(**channel, {Raised()});
  channel->reset();
  bench.http.Answer(503);
  EXPECT_EQ((*outcome)->result, SendOutcome::Result::kRetry);
}

}  // namespace
}  // namespace tickbird::notify
