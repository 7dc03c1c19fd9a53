#include "core/tsdb/tools/directory_view.h"

#include "core/tsdb/tools/analyze.h"
#include "core/tsdb/tools/block_list.h"
#include "tests/unit/tsdb_tools/tools_testing.h"

namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(DirectoryView, ChangesAndLocksNothing) {
  tickbird::testing::MemFs fs;
  ImportSeconds(fs, kData, 2, 100);
  {
    auto head = Head::Open(fs, {}, kData, kNoTime, kNow);
    const auto appender = (*head)->NewAppender();
    ASSERT_TRUE(appender->Append(0, {{"__name__", "new"}}, kNow, 1));
    ASSERT_TRUE(appender->Commit());
  }
  // A write that was cut short: a start would cut it off.
  const std::string segment = "data/wal/00000000";
  const std::string torn = *fs.Read(segment) + "\x01";
  fs.Overwrite(segment, torn);
  const auto lock = LockDataDirectory(fs, kData);
  const std::int64_t used = fs.used();
  const auto view = DirectoryView::Open(fs, kData, {}, kNow);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_THAT((*view)->notes(), SizeIs(0));
  EXPECT_THAT((*view)->LabelValues("__name__", {}), ElementsAre("m", "new"));
  EXPECT_EQ(*fs.Read(segment), torn);
  EXPECT_EQ(fs.used(), used);
}

TEST(DirectoryView, SaysWhatIsNotInIt) {
  tickbird::testing::MemFs fs;
  EXPECT_EQ(DirectoryView::Open(fs, kData, {}, kNow).error().code, ErrorCode::kNotFound);
  ImportSeconds(fs, kData, 2, 100);
  const std::string block = BlocksIn(fs, kData).front();
  fs.Overwrite("data/" + block + "/index", "nothing");
  const auto view = DirectoryView::Open(fs, kData, {}, kNow);
  ASSERT_TRUE(view);
  EXPECT_THAT((*view)->notes(), ElementsAre(HasSubstr(block)));
  EXPECT_TRUE((*view)->Select(Everything())->empty());
}

TEST(BlockList, HasARowForEachBlock) {
  tickbird::testing::MemFs fs;
  ImportSeconds(fs, kData, 2, 3 * 3600);
  const auto view = DirectoryView::Open(fs, kData, {.with_head = false}, kNow);
  const std::string table = FormatBlockList((*view)->blocks(), false);
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 3);
  EXPECT_THAT(table, HasSubstr("14400"));
  EXPECT_THAT(FormatBlockList((*view)->blocks(), true), HasSubstr("2023-11-14T22:00:00Z  2023-11-15T00:00:00Z  2h"));
  EXPECT_THAT(BlockListJson((*view)->blocks()), HasSubstr("\"samples\":14400"));
}

TEST(AnalyzeBlock, CountsSeriesLabelsAndCost) {
  tickbird::testing::MemFs fs;
  ImportSeconds(fs, kData, 3, 3600);
  const auto view = DirectoryView::Open(fs, kData, {.with_head = false}, kNow);
  const auto analysis = AnalyzeBlock(*(*view)->blocks().front(), 2);
  ASSERT_TRUE(analysis) << analysis.error().message;
  EXPECT_EQ(analysis->series, 3);
  EXPECT_EQ(analysis->samples, 3 * 3600);
  EXPECT_EQ(analysis->label_names, 2);
  EXPECT_EQ(analysis->label_pairs, 4);
  EXPECT_EQ(analysis->label_pair_entries, 6);
  EXPECT_THAT(analysis->metrics, ElementsAre(std::pair<std::string, double>("m", 3)));
  EXPECT_THAT(analysis->common_pairs, SizeIs(2));
  EXPECT_THAT(analysis->value_counts.front(), (std::pair<std::string, double>("i", 3)));
  // Half of the two hours has no samples.
  EXPECT_NEAR(analysis->churning_names.front().second, 1.5, 0.01);
  EXPECT_THAT(FormatAnalysis(*analysis), HasSubstr("\n3 m\n"));
  EXPECT_THAT(AnalysisJson(*analysis), HasSubstr("\"metricSeries\":[{\"name\":\"m\",\"value\":3}]"));
}

}  // namespace
}  // namespace tickbird::tsdb
