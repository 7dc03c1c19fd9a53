#include "core/base/duration.h"

#include <gtest/gtest.h>

namespace tickbird {
namespace {

TEST(ParseDuration, ReadsPrometheusSpellings) {
  const std::pair<const char*, DurationMs> cases[] = {
      {"0", 0},       {"30s", 30'000},      {"1h30m", 5'400'000}, {"250ms", 250},
      {"1d", kDayMs}, {"1w2d", 9 * kDayMs}, {"1y", 365 * kDayMs}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(ParseDuration(text).value_or(-1), expected) << text;
}

TEST(ParseDuration, RefusesWhatPrometheusRefuses) {
  for (const char* text :
       {"", "90", "1.5h", "30m1h", "1m1m", "1x", "-5s", "s", "99999999999999999999s", "999999999999y"}) {
    const auto result = ParseDuration(text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().code, ErrorCode::kParse) << text;
  }
}

TEST(ParseDuration, SaysHowToWriteIt) {
  EXPECT_EQ(ParseDuration("90").error().message, "\"90\" is not a duration: it needs a unit, for example 90s or 90m");
}

TEST(FormatDuration, RoundTrips) {
  for (const DurationMs ms :
       {0L, 1L, 999L, 1000L, 61'000L, 5'400'000L, 90 * kDayMs, 7 * kDayMs, 365 * kDayMs, 123'456'789L}) {
    EXPECT_EQ(ParseDuration(FormatDuration(ms)).value_or(-1), ms) << FormatDuration(ms);
  }
}

TEST(HumanDuration, KeepsTwoUnits) {
  EXPECT_EQ(HumanDuration(340), "340ms");
  EXPECT_EQ(HumanDuration(1500), "1.5s");
  EXPECT_EQ(HumanDuration(125'000), "2m 5s");
  EXPECT_EQ(HumanDuration(27 * kHourMs + 61'000), "1d 3h");
  EXPECT_EQ(HumanDuration(kHourMs + 5'000), "1h");
}

TEST(Timestamp, ReadsBothForms) {
  EXPECT_EQ(ParseTimestamp("1700000000.5").value_or(0), 1'700'000'000'500);
  EXPECT_EQ(ParseTimestamp("2023-11-14T22:13:20.5Z").value_or(0), 1'700'000'000'500);
  EXPECT_EQ(ParseTimestamp("2023-11-15T00:13:20.500123+02:00").value_or(0), 1'700'000'000'500);
  EXPECT_EQ(FormatTimestamp(1'700'000'000'500), "2023-11-14T22:13:20.500Z");
  EXPECT_EQ(FormatTimestamp(-1), "1969-12-31T23:59:59.999Z");
  for (const char* text : {"", "yesterday", "2023-13-01T00:00:00Z", "2023-11-14 22:13:20Z", "nan", "inf", "1e300"}) {
    EXPECT_FALSE(ParseTimestamp(text)) << text;
  }
}

TEST(ParseByteSize, NeedsAUnit) {
  EXPECT_EQ(ParseByteSize("512MB").value_or(0), 512LL << 20);
  EXPECT_EQ(ParseByteSize("2GiB").value_or(0), 2LL << 30);
  EXPECT_EQ(ParseByteSize("7B").value_or(0), 7);
  for (const char* text : {"512", "MB", "-1MB", "1.5GB", "99999999EB", "1iB", "1KKB"})
    EXPECT_FALSE(ParseByteSize(text)) << text;
}

}  // namespace
}  // namespace tickbird
