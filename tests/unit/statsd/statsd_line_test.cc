#include "agent/ingest/statsd/statsd_line.h"

#include <gtest/gtest.h>

namespace tickbird::statsd {
namespace {

TEST(ParseLine, TakesLinesApart) {
  struct Case {
    std::string_view text;
    std::string_view name;
    std::string_view values;
    LineType type;
    double rate = 1;
    std::string_view tags = "";
  };
  const Case cases[] = {
      {"hits:1|c", "hits", "1", LineType::kCounter},
      {"hits:1|m", "hits", "1", LineType::kCounter},
      {"hits:1|c|@0.1", "hits", "1", LineType::kCounter, 0.1},
      {"temp:-3|g", "temp", "-3", LineType::kGauge},
      {"page_load:320|ms|#page:home", "page_load", "320", LineType::kTimer, 1, "page:home"},
      {"page_load:320:410:12.5|ms|@0.5|#page:home,user:a:b", "page_load", "320:410:12.5", LineType::kTimer, 0.5,
       "page:home,user:a:b"},
      {"size:12|h|#a:b|@0.25", "size", "12", LineType::kHistogram, 0.25, "a:b"},
      {"size:12|d", "size", "12", LineType::kDistribution},
      {"users:alice|s", "users", "alice", LineType::kSet},
      {"n:1|c|#a:b|c:83c0a99c0a54|T1656581400|e:it-false,cn-x|card:low|future:1", "n", "1", LineType::kCounter, 1,
       "a:b"},
      {"n,page=home:1|c", "n,page=home", "1", LineType::kCounter},
      {"n:1|c|", "n", "1", LineType::kCounter},
      {"n:1|c|#", "n", "1", LineType::kCounter},
  };
  for (const Case& c : cases) {
    const auto line = ParseLine(c.text);
    ASSERT_TRUE(line) << c.text << ": " << ReasonName(line.error());
    EXPECT_EQ(line->name, c.name) << c.text;
    EXPECT_EQ(line->values, c.values) << c.text;
    EXPECT_EQ(line->type, c.type) << c.text;
    EXPECT_EQ(line->sample_rate, c.rate) << c.text;
    EXPECT_EQ(line->tags, c.tags) << c.text;
    EXPECT_FALSE(line->bad_sample_rate) << c.text;
  }
}

TEST(ParseLine, SaysWhyItTakesALineNot) {
  struct Case {
    std::string_view text;
    std::string_view reason;
  };
  const Case cases[] = {
      {"", "malformed_line"},
      {"hits", "malformed_line"},
      {"hits:1", "malformed_line"},
      {":1|c", "malformed_line"},
      {"hits|1:c", "malformed_line"},
      {"hits:|c", "malformed_value"},
      {"hits:1|", "unknown_type"},
      {"hits:1|x", "unknown_type"},
      {"hits:1|cc", "unknown_type"},
      {"hits:1|MS", "unknown_type"},
      {"_e{5,4}:title|text|t:error", "event"},
      {"_sc|db|0|#a:b|m:fine", "service_check"},
  };
  for (const Case& c : cases) {
    const auto line = ParseLine(c.text);
    ASSERT_FALSE(line) << c.text;
    EXPECT_EQ(ReasonName(line.error()), c.reason) << c.text;
  }
}

TEST(ParseLine, PutsOneInPlaceOfABadSampleRate) {
  for (const char* const rate : {"0", "-1", "1.5", "abc", "", "NaN", "Inf", "1e-300"}) {
    const std::string text = std::string("hits:1|c|@") + rate;
    const auto line = ParseLine(text);
    ASSERT_TRUE(line) << text;
    EXPECT_TRUE(line->bad_sample_rate) << text;
    EXPECT_EQ(line->sample_rate, 1) << text;
  }
}

}  // namespace
}  // namespace tickbird::statsd
