#include "core/base/number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tickbird {
namespace {

TEST(FormatDouble, WritesWhatGoWrites) {
  const std::pair<double, const char*> cases[] = {{0, "0"},
                                                  {-0.0, "-0"},
                                                  {0.1, "0.1"},
                                                  {5, "5"},
                                                  {1e20, "100000000000000000000"},
                                                  {1e21, "1e+21"},
                                                  {0.000001, "0.000001"},
                                                  {1e-7, "1e-07"},
                                                  {0.1 + 0.2, "0.30000000000000004"}};
  for (const auto& [value, expected] : cases) EXPECT_EQ(FormatDouble(value), expected);
  EXPECT_EQ(FormatDouble(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(FormatDouble(-std::numeric_limits<double>::infinity()), "-Inf");
}

TEST(ParseDouble, ReadsGoSpellings) {
  EXPECT_EQ(ParseDouble("+1.5e3").value_or(0), 1500);
  EXPECT_EQ(ParseDouble(".5").value_or(0), 0.5);
  EXPECT_EQ(ParseDouble("5.").value_or(0), 5);
  EXPECT_EQ(ParseDouble("0x1p-2").value_or(0), 0.25);
  EXPECT_EQ(ParseDouble("-Inf").value_or(0), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(ParseDouble("+infinity").value_or(0), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(ParseDouble("nAn").value_or(0)));
  EXPECT_EQ(ParseDouble("1e400").value_or(0), std::numeric_limits<double>::infinity());
  EXPECT_EQ(ParseDouble("1e-400").value_or(1), 0);
}

TEST(ParseDouble, RefusesEverythingElse) {
  for (const char* text : {"", "+", "1x", " 1", "1 ", "--1", "0x", "1e", ".", "e5", "+NaN", "in"})
    EXPECT_FALSE(ParseDouble(text)) << text;
}

TEST(HumanText, IsShort) {
  EXPECT_EQ(HumanPercent(0.8734), "87.3%");
  EXPECT_EQ(HumanPercent(1), "100%");
  EXPECT_EQ(HumanBytes(1.5 * 1024 * 1024 * 1024), "1.5 GiB");
  EXPECT_EQ(HumanBytes(100), "100 B");
  EXPECT_EQ(HumanNumber(1234567), "1234567");
  EXPECT_EQ(HumanNumber(0.12345), "0.123");
}

}  // namespace
}  // namespace tickbird
