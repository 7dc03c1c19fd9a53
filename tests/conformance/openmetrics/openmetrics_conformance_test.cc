// The pages of the OpenMetrics project's own parser tests: each good one parses, each bad one is refused with a place.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/exposition/openmetrics_validator.h"

namespace tickbird::exposition {
namespace {

const std::filesystem::path kVectors = "../shared/conformance/openmetrics";

std::vector<std::filesystem::path> PagesIn(const char* folder) {
  std::vector<std::filesystem::path> pages;
  std::error_code absent;
  for (const auto& entry : std::filesystem::directory_iterator(kVectors / folder, absent))
    pages.push_back(entry.path());
  return pages;
}

std::string ReadPage(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class OpenMetricsVectors : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kVectors)) GTEST_SKIP() << "no test vectors at " << kVectors;
  }
};

TEST_F(OpenMetricsVectors, AllGoodPagesAreAccepted) {
  const auto pages = PagesIn("good");
  EXPECT_EQ(pages.size(), 44U);
  for (const auto& path : pages) {
    const Status status = ValidateOpenMetrics(ReadPage(path));
    EXPECT_TRUE(status) << path.filename() << ": " << status.error().ToString();
  }
}

TEST_F(OpenMetricsVectors, AllBadPagesAreRefusedWithAPlaceAndAReason) {
  const auto pages = PagesIn("bad");
  EXPECT_EQ(pages.size(), 84U);
  for (const auto& path : pages) {
    const Status status = ValidateOpenMetrics(ReadPage(path));
    ASSERT_FALSE(status) << path.filename() << " was accepted";
    EXPECT_EQ(status.error().code, ErrorCode::kParse) << path.filename();
    ASSERT_TRUE(status.error().position) << path.filename();
    EXPECT_GE(status.error().position->line, 1) << path.filename();
    EXPECT_GE(status.error().position->column, 1) << path.filename();
    EXPECT_GE(status.error().message.size(), 10U) << path.filename();
    RecordProperty(path.filename().string(), status.error().ToString());
  }
}

}  // namespace
}  // namespace tickbird::exposition
