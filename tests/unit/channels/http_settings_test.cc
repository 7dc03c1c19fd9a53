#include "notifiers/channels/http_settings.h"

#include <gtest/gtest.h>

#include "tests/unit/channels/samples.h"

namespace tickbird::notify {
namespace {

using Outcome = SendOutcome::Result;

TEST(InterpretAnswer, ClassesTheStatus) {
  struct Case {
    int status;
    Outcome result;
    FailureReason reason;
  };
  const Case cases[] = {
      {200, Outcome::kDelivered, FailureReason::kOther},   {204, Outcome::kDelivered, FailureReason::kOther},
      {301, Outcome::kFinal, FailureReason::kOther},       {302, Outcome::kFinal, FailureReason::kOther},
      {400, Outcome::kFinal, FailureReason::kClientError}, {401, Outcome::kFinal, FailureReason::kAuthError},
      {403, Outcome::kFinal, FailureReason::kAuthError},   {404, Outcome::kFinal, FailureReason::kClientError},
      {408, Outcome::kRetry, FailureReason::kClientError}, {410, Outcome::kFinal, FailureReason::kClientError},
      {413, Outcome::kFinal, FailureReason::kClientError}, {429, Outcome::kRetry, FailureReason::kRateLimited},
      {500, Outcome::kRetry, FailureReason::kServerError}, {503, Outcome::kRetry, FailureReason::kServerError},
  };
  for (const Case& c : cases) {
    const SendOutcome outcome = InterpretAnswer(tickbird::testing::FakeHttpClient::Status(c.status), 0, {});
    EXPECT_EQ(outcome.result, c.result) << c.status;
    EXPECT_EQ(outcome.reason, c.reason) << c.status;
  }
}

TEST(InterpretAnswer, RetriesWhatDidNotArrive) {
  EXPECT_EQ(InterpretAnswer(Error{ErrorCode::kTimeout, "t"}, 0, {}).reason, FailureReason::kContextDeadlineExceeded);
  EXPECT_EQ(InterpretAnswer(Error{ErrorCode::kUnavailable, "t"}, 0, {}).result, Outcome::kRetry);
  EXPECT_EQ(InterpretAnswer(Error{ErrorCode::kCancelled, "t"}, 0, {}).reason, FailureReason::kContextCanceled);
  EXPECT_EQ(InterpretAnswer(Error{ErrorCode::kInvalidArgument, "t"}, 0, {}).result, Outcome::kFinal);
}

TEST(InterpretAnswer, QuotesTheStartOfTheAnswer) {
  EXPECT_EQ(InterpretAnswer(tickbird::testing::FakeHttpClient::Status(400, "no\nsuch <thing>"), 0, {}).error,
            "answered 400: no such <thing>");
}

TEST(InterpretAnswer, TakesTheServersWish) {
  OutgoingResponse response = tickbird::testing::FakeHttpClient::Status(429);
  response.headers = {{"retry-after", "7"}};
  EXPECT_EQ(InterpretAnswer(response, 0, {}).retry_after, 7000);
}

TEST(ParseRetryAfter, ReadsSecondsAndDates) {
  // 1994-11-06T08:49:37Z
  constexpr TimestampMs kThen = 784'111'777'000;
  EXPECT_EQ(ParseRetryAfter("120", 0), 120'000);
  EXPECT_EQ(ParseRetryAfter(" 0 ", 0), 0);
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:49:37 GMT", kThen - 5000), 5000);
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:49:37 GMT", kThen + 5000), 0);
  EXPECT_GT(ParseRetryAfter("99999999999999999999", 0), 0);
  for (const char* bad :
       {"", "soon", "-1", "1.5", "Sun, 06 Nov 1994", "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Nox 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMTx"}) {
    EXPECT_EQ(ParseRetryAfter(bad, 0), std::nullopt) << bad;
  }
}

TEST(Redact, ReplacesEveryOccurrence) {
  const std::string secrets[] = {"", "abc"};
  EXPECT_EQ(Redact("abc x abcabc", secrets), "<secret> x <secret><secret>");
}

}  // namespace
}  // namespace tickbird::notify
