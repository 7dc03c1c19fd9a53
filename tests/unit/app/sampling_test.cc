#include "agent/app/sampling.h"
#include "tests/testing/float_appender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace tickbird::app {
namespace {

using ::testing::ElementsAre;

/// A store that notes when a batch was committed, and may refuse.
class CommitLog final : public Appendable {
 public:
  std::vector<std::string> events;
  Status answer;

  std::unique_ptr<Appender> NewAppender() override { return std::make_unique<Batch>(*this); }

 private:
  class Batch final : public testing::FloatAppender {
   public:
    explicit Batch(CommitLog& log) : log_(log) {}
    Result<SeriesRef> Append(SeriesRef, const Labels& labels, TimestampMs timestamp, double) override {
      log_.events.push_back(std::string(labels.MetricName()) + "@" + std::to_string(timestamp));
      return 1;
    }
    void SetMetadata(std::string_view, const MetricMetadata&) override {}
    Status Commit() override {
      log_.events.emplace_back("commit");
      return log_.answer;
    }
    void Rollback() override {}

   private:
    CommitLog& log_;
  };
};

Sampling::Source Writes(const char* name) {
  return [name](TimestampMs now, Appender& appender) { (void)appender.Append(0, Labels{{"__name__", name}}, now, 1); };
}

class SamplingTest : public ::testing::Test {
 protected:
  FakeClock clock_{1000};
  net::FakeTimers timers_{clock_};
  CommitLog store_;
  Sampling sampling_{timers_, clock_, store_, 1000};
};

TEST_F(SamplingTest, CommitsAllSourcesOfATickAsOneBatch) {
  sampling_.AddSource("a", 0, Writes("a"));
  sampling_.AddSource("b", 0, Writes("b"));
  sampling_.SetAfterTick([this](TimestampMs) { store_.events.emplace_back("after"); });
  sampling_.Start();
  timers_.AdvanceTo(2000);
  EXPECT_THAT(store_.events, ElementsAre("a@1000", "b@1000", "commit", "after", "a@2000", "b@2000", "commit", "after"));
}

TEST_F(SamplingTest, AsksCostlySourcesLessOften) {
  sampling_.AddSource("slow", 3000, Writes("slow"));
  sampling_.Start();
  timers_.AdvanceTo(5000);
  EXPECT_THAT(store_.events, ElementsAre("slow@1000", "commit", "commit", "commit", "slow@4000", "commit", "commit"));
}

TEST_F(SamplingTest, GoesOnWhenTheLogCannotBeWritten) {
  log::SetSink([](std::string_view) {});
  store_.answer = Error{ErrorCode::kTooLarge, "disk full"};
  sampling_.AddSource("a", 0, Writes("a"));
  sampling_.Start();
  timers_.AdvanceTo(3000);
  log::SetSink(nullptr);
  EXPECT_THAT(store_.events, ElementsAre("a@1000", "commit", "a@2000", "commit", "a@3000", "commit"));
}

}  // namespace
}  // namespace tickbird::app
