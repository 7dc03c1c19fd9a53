#include "core/tsdb/block/tombstones.h"

#include "tests/unit/tsdb_block/block_testing.h"

namespace tickbird::tsdb {
namespace {

using testing::MemFs;

Data Without(Data data, const Matcher& matcher, Interval interval) {
  for (auto& [labels, samples] : data) {
    if (!matcher.Matches(labels)) continue;
    std::erase_if(samples, [&](const Sample& sample) {
      return sample.timestamp >= interval.min && sample.timestamp <= interval.max;
    });
  }
  std::erase_if(data, [](const auto& entry) { return entry.second.empty(); });
  return data;
}

Data ReadSource(ChunkSeriesSource& source) {
  Data data;
  ChunkSeries series;
  while (true) {
    const auto more = source.Next(&series);
    EXPECT_TRUE(more) << (more ? "" : more.error().ToString());
    if (!more || !*more) return data;
    if (!series.chunks.empty()) data[series.labels] = Samples(series.chunks);
  }
}

TEST(TombstonesFile, RoundTrips) {
  const Tombstones tombstones = {{1, {{kNoTime, -5}, {0, 7}}},
                                 {~std::uint64_t{0}, {{5, std::numeric_limits<TimestampMs>::max()}}}};
  const auto read = ParseTombstones(FormatTombstones(tombstones));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, tombstones);
  EXPECT_EQ(CountTombstones(*read), 3);
  // As Prometheus writes none.
  EXPECT_EQ(FormatTombstones({}), std::string("\x01\x30\xba\x30\x01\0\0\0\0", 9));
}

TEST(TombstonesFile, RefusesEveryFlippedByteAndEveryCut) {
  const std::string bytes = FormatTombstones({{1, {{0, 7}, {9, 10}}}, {2, {{5, 6}}}});
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string flipped = bytes;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    EXPECT_FALSE(ParseTombstones(flipped)) << i;
    EXPECT_FALSE(ParseTombstones(bytes.substr(0, i))) << i;
  }
  std::string newer = bytes;
  newer[4] = 2;
  EXPECT_EQ(ParseTombstones(newer).error().code, ErrorCode::kUnsupported);
}

class BlockDeleteTest : public ::testing::Test {
 protected:
  void Delete(const Matcher& matcher, Interval interval) {
    data_ = Without(std::move(data_), matcher, interval);
    const auto deleted = block_->Delete({matcher}, interval);
    ASSERT_TRUE(deleted) << deleted.error().ToString();
    EXPECT_GT(*deleted, 0);
    ExpectTheRest(*block_);
    const auto reopened = OpenBlock(fs_);
    ASSERT_TRUE(reopened);
    ExpectTheRest(*reopened);
    EXPECT_TRUE(reopened->HasTombstones());
    EXPECT_GT(reopened->meta().stats.tombstones, 0);
  }
  void ExpectTheRest(const Block& block) const {
    EXPECT_EQ(Read(block, Everything()), data_);
    EXPECT_EQ(ReadSource(*block.AllSeries()), data_);
    Selection newest = Everything();
    newest.newest_only = true;
    Data last = data_;
    for (auto& [labels, samples] : last) samples.erase(samples.begin(), samples.end() - 1);
    EXPECT_EQ(Read(block, newest), last);
    EXPECT_EQ(block.damages(), 0);
  }
  static TimestampMs At(int second) { return kFrom + second * kSecondMs; }

  MemFs fs_;
  Data data_ = MakeData(20, 500);
  std::shared_ptr<Block> block_ = MakeBlock(fs_, data_);
};

TEST_F(BlockDeleteTest, HidesAPartOfAChunk) {
  ASSERT_TRUE(block_);
  EXPECT_FALSE(block_->HasTombstones());
  Delete(Matcher::Equal("n", "3"), {At(10), At(20)});
}

TEST_F(BlockDeleteTest, HidesChunksAndPartsOfTheirNeighbours) {
  ASSERT_TRUE(block_);
  Delete(Matcher::Equal("mod", "3"), {At(100), At(390)});
}

TEST_F(BlockDeleteTest, HidesTheNewest) {
  ASSERT_TRUE(block_);
  Delete(Matcher::Equal("n", "3"), {At(100), kUntil});
}

TEST_F(BlockDeleteTest, HidesWholeSeries) {
  ASSERT_TRUE(block_);
  Delete(Matcher::Equal("__name__", "up"), {kNoTime, std::numeric_limits<TimestampMs>::max()});
}

TEST_F(BlockDeleteTest, AddsToWhatWasHidden) {
  ASSERT_TRUE(block_);
  Delete(Matcher::Equal("n", "3"), {At(10), At(20)});
  Delete(Matcher::Equal("n", "3"), {At(15), At(130)});
  Delete(Matcher::Equal("n", "4"), {At(490), At(495)});
}

TEST_F(BlockDeleteTest, WritesNothingWhenNothingMatches) {
  ASSERT_TRUE(block_);
  const auto nobody = block_->Delete({Matcher::Equal("n", "none")}, {At(0), At(10)});
  ASSERT_TRUE(nobody);
  EXPECT_EQ(*nobody, 0);
  const auto later = block_->Delete({Matcher::Equal("n", "3")}, {At(1'000), At(2'000)});
  ASSERT_TRUE(later);
  EXPECT_EQ(*later, 0);
  EXPECT_FALSE(OpenBlock(fs_)->HasTombstones());
}

TEST_F(BlockDeleteTest, ChangesNothingWhenTheDiskFails) {
  ASSERT_TRUE(block_);
  const std::int64_t before = fs_.calls();
  ASSERT_TRUE(Block::Open(fs_, BlockPath()));
  ASSERT_TRUE(block_->Delete({Matcher::Equal("n", "3")}, {At(10), At(20)}));
  const std::int64_t calls = fs_.calls() - before;
  for (std::int64_t n = 1; n <= calls; ++n) {
    MemFs fs;
    ASSERT_TRUE(fs.MakeDirs(kParent) && fs.SyncDir("."));
    const auto block = MakeBlock(fs, MakeData(20, 500));
    ASSERT_TRUE(block);
    fs.FailCall(n);
    const auto deleted = block->Delete({Matcher::Equal("n", "3")}, {At(10), At(20)});
    fs.FailCall(0);
    const Data all = MakeData(20, 500);
    EXPECT_EQ(Read(*block, Everything()), deleted ? Without(all, Matcher::Equal("n", "3"), {At(10), At(20)}) : all)
        << n;
    fs.Crash();
    const auto reopened = OpenBlock(fs);
    ASSERT_TRUE(reopened) << n;
    if (deleted) EXPECT_EQ(Read(*reopened, Everything()), Read(*block, Everything())) << n;
  }
}

}  // namespace
}  // namespace tickbird::tsdb
