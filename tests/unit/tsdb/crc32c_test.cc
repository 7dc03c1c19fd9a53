#include "core/base/crc32c.h"

#include <gtest/gtest.h>

#include <string>

namespace tickbird {
namespace {

TEST(Crc32c, MatchesTheVectorsOfRfc3720) {
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283);
  EXPECT_EQ(Crc32c(""), 0U);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aa);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43);
}

TEST(Crc32c, InstructionAndTableAgreeAtEveryLength) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(Crc32c(bytes), Crc32cPortable(bytes)) << i;
    bytes += static_cast<char>(i * 37);
  }
}

TEST(Crc32c, GoesOnFromWhatStandsInFront) {
  const std::string bytes = "123456789";
  for (std::size_t i = 0; i <= bytes.size(); ++i) {
    EXPECT_EQ(Crc32c(bytes.substr(i), Crc32c(bytes.substr(0, i))), 0xe3069283) << i;
    EXPECT_EQ(Crc32cPortable(bytes.substr(i), Crc32cPortable(bytes.substr(0, i))), 0xe3069283) << i;
  }
}

}  // namespace
}  // namespace tickbird
