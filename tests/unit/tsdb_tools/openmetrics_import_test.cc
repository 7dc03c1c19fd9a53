#include "core/tsdb/tools/openmetrics_import.h"

#include "tests/unit/tsdb_tools/tools_testing.h"

namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OpenMetricsImportTest : public ::testing::Test {
 protected:
  Result<OpenMetricsImport> Import(const std::string& text, bool go_on = false) {
    EXPECT_TRUE((*fs_.Create("file"))->Append(text));
    stage_.reset();
    EXPECT_TRUE(fs_.RemoveAll(kData));
    stage_ = *ImportStage::Open(fs_, kData, kNow);
    SampleCollector collector(stage_.get());
    auto imported = ImportOpenMetrics(**fs_.OpenRead("file"), go_on, &collector);
    if (imported) {
      EXPECT_TRUE(collector.Finish());
      EXPECT_TRUE(stage_->Commit());
    }
    return imported;
  }

  tickbird::testing::MemFs fs_;
  std::unique_ptr<ImportStage> stage_;
};

TEST_F(OpenMetricsImportTest, TakesSamplesWithTheirTimes) {
  const auto imported = Import(
      "# TYPE a counter\n# HELP a Some.\na_total{x=\"1\"} 3 1700000000 # {trace_id=\"t\"} 1\na_total{x=\"1\"} 4 "
      "1700000001.5\n# EOF\n");
  ASSERT_TRUE(imported) << imported.error().message;
  EXPECT_EQ(imported->samples, 2);
  EXPECT_EQ(DumpOf(fs_, kData),
            "{__name__=\"a_total\", x=\"1\"} 3 1700000000000\n{__name__=\"a_total\", x=\"1\"} 4 1700000001500\n");
}

TEST_F(OpenMetricsImportTest, NamesTheLineOfWhatIsWrong) {
  for (const auto& [text, message] : {std::pair{"a 1 1\nb{ 1 1\n# EOF\n", "line 2: "},
                                      {"a 1 1\nb 1\n# EOF\n", "line 2: the sample has no timestamp"},
                                      {"a 1 1\n", "EOF"},
                                      {"", "EOF"},
                                      {"a 1 1\n# EOF\nb 1 1\n", "line 3: "},
                                      {"a{x=\"1\",x=\"2\"} 1 1\n# EOF\n", "line 1: "},
                                      {"a 1 99999999999\n# EOF\n", "belongs to the agent itself"}}) {
    const auto imported = Import(text);
    ASSERT_FALSE(imported) << text;
    EXPECT_THAT(imported.error().message, HasSubstr(message));
    EXPECT_TRUE(BlocksIn(fs_, kData).empty());
  }
}

TEST_F(OpenMetricsImportTest, GoesOnBehindBadLinesWhenTold) {
  const auto imported = Import("a 1 1\nb{ 1 1\nc 1\n\nd 2 2\ne 1 99999999999\nf 3 3\n", true);
  ASSERT_TRUE(imported);
  EXPECT_EQ(imported->samples, 3);
  EXPECT_EQ(imported->skipped_lines, 5);
  EXPECT_THAT(imported->problems, ElementsAre(HasSubstr("line 2: "), HasSubstr("line 3: "), HasSubstr("line 4: "),
                                              HasSubstr("line 6: "), HasSubstr("EOF")));
}

TEST_F(OpenMetricsImportTest, ReadsFilesLargerThanAPiece) {
  std::string text;
  int samples = 0;
  const std::string help(100'000, 'x');
  while (text.size() < std::size_t{13} << 20) {
    text += "# HELP m" + std::to_string(samples) + " " + help + "\n";
    for (int i = 0; i < 10; ++i) text += "m{i=\"" + std::to_string(samples++) + "\"} 1 1700000000\n";
  }
  const int lines = samples + samples / 10;
  EXPECT_EQ(Import(text + "# EOF\n")->samples, samples);
  EXPECT_THAT(Import(text + "bad\n# EOF\n").error().message, HasSubstr("line " + std::to_string(lines + 1) + ": "));
}

}  // namespace
}  // namespace tickbird::tsdb
