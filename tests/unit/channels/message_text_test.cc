#include "notifiers/channels/message_text.h"

#include <gtest/gtest.h>

#include "tests/unit/channels/samples.h"

namespace tickbird::notify {
namespace {

TEST(Headline, SaysWhatIsNew) {
  AlertEvent alert = testing::Alert();
  alert.previous = {"warning", 2};
  const std::pair<MessageKind, const char*> cases[] = {
      {MessageKind::kRaised, "[high] Memory at 87.3% on a"},
      {MessageKind::kLevelUp, "[high, was warning] Memory at 87.3% on a"},
      {MessageKind::kRepeat, "[high, reminder] Memory at 87.3% on a"},
      {MessageKind::kEscalation, "[high, escalation step 0] Memory at 87.3% on a"},
      {MessageKind::kCleared, "[cleared] Memory at 87.3% on a"},
      {MessageKind::kTest, "[test] Memory at 87.3% on a"},
  };
  for (const auto& [kind, text] : cases) EXPECT_EQ(Headline(testing::About(alert, kind), 100), text);
}

TEST(Headline, IsOneLineAndNamesTheAlertWithoutSummary) {
  AlertEvent alert = testing::Alert();
  alert.summary = "a\r\nBcc: x";
  EXPECT_EQ(Headline(testing::About(alert), 100), "[high] a  Bcc: x");
  alert.summary.clear();
  alert.labels = Labels{{"alertname", "x"}};
  EXPECT_EQ(Headline(testing::About(alert), 100), "[high] memory_high {alertname=\"x\"}");
}

TEST(Headline, OfADigestCounts) {
  AlertEvent critical = testing::Alert();
  critical.level = {"critical", 4};
  EXPECT_EQ(Headline({testing::Raised(), testing::About(critical), testing::Cleared()}, 100),
            "[digest] 3 alerts, worst: critical, 1 cleared");
  EXPECT_EQ(Headline({testing::Cleared(), testing::Cleared()}, 100), "[digest] 2 alerts, all cleared");
}

TEST(Facts, TellTheValueAgainstTheCondition) {
  Message message = testing::Raised();
  message.swallowed = 2;
  const auto facts = Facts(message);
  EXPECT_EQ(facts[0], std::pair(std::string("Level"), std::string("high")));
  EXPECT_EQ(facts[1].second, "87.3% (condition: > 85% for 2m)");
  EXPECT_EQ(facts[2].second, "2025-11-21T12:00:00Z");
  EXPECT_EQ(facts.back().second, "2 raises within the cooldown");
  const auto cleared = Facts(testing::Cleared());
  EXPECT_EQ(cleared[3], std::pair(std::string("For"), std::string("2m 5s")));
}

TEST(FormatMeasured, UsesTheUnitOfTheCondition) {
  EXPECT_EQ(FormatMeasured(0.873, "> 85% for 2m"), "87.3%");
  EXPECT_EQ(FormatMeasured(0.34, "> 300ms for 30s"), "340ms");
  EXPECT_EQ(FormatMeasured(1.5 * 1024 * 1024 * 1024, "> 512MiB"), "1.5 GiB");
  EXPECT_EQ(FormatMeasured(3, "> 2"), "3");
  EXPECT_EQ(FormatMeasured(3, ""), "3");
}

TEST(ToneOf, GoesByNameThenByRank) {
  const auto tone = [](std::string name, int rank) {
    AlertEvent alert = testing::Alert();
    alert.level = {std::move(name), rank};
    return ToneOf(testing::About(alert));
  };
  EXPECT_EQ(tone("Critical", 1), Tone::kCritical);
  EXPECT_EQ(tone("info", 9), Tone::kInfo);
  EXPECT_EQ(tone("sev2", 2), Tone::kWarning);
  EXPECT_EQ(tone("sev0", 99), Tone::kCritical);
  EXPECT_EQ(tone("none-such", 0), Tone::kInfo);
  EXPECT_EQ(ToneOf(testing::Cleared()), Tone::kCleared);
}

TEST(CutRunes, CutsBetweenCodePoints) {
  EXPECT_EQ(CutRunes("abc", 3), "abc");
  EXPECT_EQ(CutRunes("abcd", 3), "ab…");
  EXPECT_EQ(CutRunes("ééé", 3), "ééé");
  EXPECT_EQ(CutRunes("éééé", 3), "éé…");
}

}  // namespace
}  // namespace tickbird::notify
