#include "agent/health/checker.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/log.h"
#include "core/base/number.h"
#include "core/model/labels.h"
#include "tests/testing/float_appender.h"

namespace tickbird::health {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Keeps requests until the test answers them.
class FakeHttpClient final : public HttpClient {
 public:
  void Send(OutgoingRequest request, Callback callback) override {
    requests.push_back(std::move(request));
    callbacks.push_back(std::move(callback));
  }
  void Answer(std::size_t request, Result<OutgoingResponse> response) { callbacks.at(request)(std::move(response)); }

  std::vector<OutgoingRequest> requests;
  std::vector<Callback> callbacks;
};

// `series=value` of what is committed.
class FakeStore final : public Appendable {
 public:
  std::unique_ptr<Appender> NewAppender() override { return std::make_unique<Batch>(*this); }
  std::vector<std::string> Take() { return std::exchange(written, {}); }

  std::vector<std::string> written;
  std::map<std::string, MetricMetadata, std::less<>> metadata;

 private:
  class Batch final : public testing::FloatAppender {
   public:
    explicit Batch(FakeStore& store) : store_(store) {}
    Result<SeriesRef> Append(SeriesRef, const Labels& labels, TimestampMs, double value) override {
      lines_.push_back(labels.ToString() + "=" + (IsStaleMarker(value) ? "stale" : FormatDouble(value)));
      return SeriesRef{1};
    }
    void SetMetadata(std::string_view family, const MetricMetadata& described) override {
      store_.metadata.insert_or_assign(std::string(family), described);
    }
    Status Commit() override {
      store_.written.insert(store_.written.end(), lines_.begin(), lines_.end());
      return {};
    }
    void Rollback() override {}

   private:
    FakeStore& store_;
    std::vector<std::string> lines_;
  };
};

CheckSpec Http(std::string name, bool critical = false) {
  return {.name = std::move(name),
          .target = HttpCheck{.url = "http://api/healthz"},
          .interval = 5 * kSecondMs,
          .timeout = 2 * kSecondMs,
          .critical = critical,
          .rise = 1,
          .fall = 2};
}

class HealthCheckerTest : public ::testing::Test {
 protected:
  HealthCheckerTest() {
    log::SetSink([](std::string_view) {});
  }
  ~HealthCheckerTest() override { log::SetSink(nullptr); }

  void RunAt(TimestampMs now) {
    clock_.Set(now);
    checker_->RunDue(now);
  }
  void AnswerLast(int status) { http_.Answer(http_.callbacks.size() - 1, OutgoingResponse{.status = status}); }
  CheckReport Report() const { return checker_->Reports().at(0); }

  FakeClock clock_{1000};
  FakeHttpClient http_;
  FakeStore store_;
  std::vector<std::pair<TcpCheck, std::function<void(Status)>>> tcp_;
  std::unique_ptr<HealthChecker> checker_ = std::make_unique<HealthChecker>(
      http_,
      [this](const TcpCheck& check, DurationMs, std::function<void(Status)> done) { tcp_.emplace_back(check, done); },
      store_, clock_);
};

TEST_F(HealthCheckerTest, SendsTheRequestAndWritesTheResult) {
  checker_->Replace({Http("api", true)});
  EXPECT_EQ(Report().status, CheckStatus::kUnknown);
  RunAt(1000);
  ASSERT_EQ(http_.requests.size(), 1u);
  EXPECT_EQ(http_.requests[0].url, "http://api/healthz");
  EXPECT_EQ(http_.requests[0].timeout, 2000);
  clock_.Set(1250);
  AnswerLast(200);
  EXPECT_EQ(Report().status, CheckStatus::kUp);
  EXPECT_EQ(Report().checked_at, 1250);
  EXPECT_EQ(Report().changed_at, 1250);
  EXPECT_DOUBLE_EQ(Report().duration_seconds, 0.25);
  EXPECT_THAT(store_.Take(), ElementsAre("tickbird_health_check_up{check=\"api\", critical=\"true\"}=1",
                                         "tickbird_health_check_duration_seconds{check=\"api\"}=0.25"));
  EXPECT_EQ(store_.metadata["tickbird_health_check_up"].type, MetricType::kGauge);
}

TEST_F(HealthCheckerTest, GoesDownAfterFallFailuresAndUpAgain) {
  checker_->Replace({Http("api")});
  const std::pair<int, CheckStatus> steps[] = {
      {200, CheckStatus::kUp}, {503, CheckStatus::kUp}, {503, CheckStatus::kDown}, {200, CheckStatus::kUp}};
  TimestampMs now = 1000;
  for (const auto& [status, expected] : steps) {
    RunAt(now);
    AnswerLast(status);
    EXPECT_EQ(Report().status, expected) << now;
    now += 5000;
  }
  EXPECT_EQ(http_.requests.size(), 4u);
  EXPECT_EQ(Report().reason, "");
}

TEST_F(HealthCheckerTest, SaysWhyACheckIsDown) {
  checker_->Replace({Http("api")});
  RunAt(1000);
  http_.Answer(0, Error{ErrorCode::kUnavailable, "connection refused"});
  EXPECT_EQ(Report().status, CheckStatus::kDown);
  EXPECT_EQ(Report().reason, "connection refused");
}

TEST_F(HealthCheckerTest, NeverRunsACheckTwiceAtOnce) {
  checker_->Replace({Http("api")});
  RunAt(1000);
  RunAt(4999);
  EXPECT_EQ(http_.requests.size(), 1u);
  EXPECT_EQ(checker_->NextDue(), 5000);
  // The client owes the callback for too long: the run is over, the next one starts.
  RunAt(6000);
  EXPECT_EQ(Report().reason, "no answer");
  EXPECT_EQ(http_.requests.size(), 2u);
  http_.Answer(0, OutgoingResponse{.status = 200});
  EXPECT_EQ(Report().status, CheckStatus::kDown);
}

TEST_F(HealthCheckerTest, ProbesTcp) {
  checker_->Replace({{.name = "db", .target = TcpCheck{"db", 5432}}});
  RunAt(1000);
  ASSERT_EQ(tcp_.size(), 1u);
  EXPECT_EQ(tcp_[0].first.port, 5432);
  tcp_[0].second(Status());
  EXPECT_EQ(Report().status, CheckStatus::kUp);
}

TEST_F(HealthCheckerTest, IgnoresAnswersAfterItsEnd) {
  checker_->Replace({Http("api")});
  RunAt(1000);
  checker_.reset();
  AnswerLast(200);
  EXPECT_THAT(store_.Take(), IsEmpty());
}

TEST_F(HealthCheckerTest, KeepsTheStatusOfAnUnchangedCheckOverAReloadAndEndsTheSeriesOfAGoneOne) {
  checker_->Replace({Http("api"), Http("cache")});
  RunAt(1000);
  http_.Answer(0, OutgoingResponse{.status = 200});
  http_.Answer(1, OutgoingResponse{.status = 200});
  store_.Take();
  CheckSpec api = Http("api");
  api.interval = kMinuteMs;
  checker_->Replace({api});
  EXPECT_EQ(Report().status, CheckStatus::kUp);
  EXPECT_THAT(store_.Take(), ElementsAre("tickbird_health_check_up{check=\"cache\", critical=\"false\"}=stale",
                                         "tickbird_health_check_duration_seconds{check=\"cache\"}=stale"));
  std::get<HttpCheck>(api.target).url = "http://other/";
  checker_->Replace({api});
  EXPECT_EQ(Report().status, CheckStatus::kUnknown);
}

TEST_F(HealthCheckerTest, HasNothingDueWithoutChecks) {
  EXPECT_EQ(checker_->NextDue(), std::nullopt);
}

}  // namespace
}  // namespace tickbird::health
