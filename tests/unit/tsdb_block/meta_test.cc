#include "core/tsdb/block/meta.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace tickbird::tsdb {
namespace {

using ::testing::HasSubstr;

BlockMeta Full() {
  return {
      .ulid = "01ARZ3NDEKTSV4RRFFQ69G5FAV",
      .min_time = -5,
      .max_time = 1'700'000'000'000,
      .stats = {.samples = 10, .float_samples = 7, .histogram_samples = 3, .series = 2, .chunks = 4, .tombstones = 1},
      .level = 3,
      .sources = {"01ARZ3NDEKTSV4RRFFQ69G5FAV", "01BX5ZZKBKACTAV9WEVGEMMVRZ"},
      .parents = {{"01BX5ZZKBKACTAV9WEVGEMMVRZ", 1, 2}},
      .hints = {"from-out-of-order"},
      .deletable = true,
      .failed = true};
}

/// Equal in everything that is written.
void ExpectSame(const BlockMeta& a, const BlockMeta& b) {
  EXPECT_EQ(FormatBlockMeta(a), FormatBlockMeta(b));
}

TEST(BlockMeta, RoundTrips) {
  const auto read = ParseBlockMeta(FormatBlockMeta(Full()));
  ASSERT_TRUE(read) << read.error().ToString();
  ExpectSame(*read, Full());
  EXPECT_EQ(read->parents.at(0).max_time, 2);
  EXPECT_EQ(read->hints.at(0), "from-out-of-order");
  EXPECT_TRUE(read->deletable && read->failed);
}

TEST(BlockMeta, ReadsWhatPrometheusWrites) {
  const auto read = ParseBlockMeta(R"({
	"ulid": "01BX5ZZKBKACTAV9WEVGEMMVRZ",
	"minTime": 1700000000000,
	"maxTime": 1700007200000,
	"stats": {"numSamples": 553673, "numSeries": 1346, "numChunks": 4440},
	"compaction": {"level": 2, "sources": ["01BX5ZZKBKACTAV9WEVGEMMVRZ"], "parents": null},
	"version": 1,
	"thanos": {"labels": {"a": "b"}}
})");
  ASSERT_TRUE(read) << read.error().ToString();
  EXPECT_EQ(read->stats.samples, 553'673);
  EXPECT_EQ(read->level, 2);
}

TEST(BlockMeta, KeepsItsValuesOrFailsWhenAByteIsFlipped) {
  const std::string text = FormatBlockMeta(Full());
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = text;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      const auto read = ParseBlockMeta(flipped);
      if (read) ExpectSame(*read, Full());
    }
    EXPECT_TRUE(i + 1 == text.size() || !ParseBlockMeta(text.substr(0, i))) << i;
  }
}

TEST(BlockMeta, SaysWhatIsWrong) {
  const auto error = [](std::string_view text) {
    const auto read = ParseBlockMeta(text);
    return read ? Error{ErrorCode::kInternal, "no error"} : read.error();
  };
  EXPECT_EQ(error("").code, ErrorCode::kCorruption);
  EXPECT_EQ(error("[]").code, ErrorCode::kCorruption);
  EXPECT_EQ(error(R"({"version": 2, "ulid": "01BX5ZZKBKACTAV9WEVGEMMVRZ"})").code, ErrorCode::kUnsupported);
  EXPECT_THAT(error(R"({"version": 1, "ulid": 7})").message, HasSubstr("\"ulid\" is not text"));
  EXPECT_THAT(error(R"({"version": 1, "minTime": "x"})").message, HasSubstr("\"minTime\" is not a whole number"));
  EXPECT_THAT(error(R"({"version": 1, "compaction": {"sources": [1]}})").message, HasSubstr("\"sources\" is not text"));
  EXPECT_THAT(error(R"({"version": 1, "compaction": {"parents": [1]}})").message, HasSubstr("\"parents\""));
  EXPECT_THAT(error(R"({"version": 1, "ulid": "01BX5ZZKBKACTAV9WEVGEMMVRZ", "minTime": 2, "maxTime": 1})").message,
              HasSubstr("minTime is after maxTime"));
  EXPECT_THAT(error(R"({"version": 1, "ulid": "../../x"})").message, HasSubstr("no ULID"));
}

TEST(Ulid, SortsByTimeAndIsNeverTheSame) {
  std::set<std::string> seen;
  std::string before = NewUlid(1'000);
  for (TimestampMs now = 1'001; now < 2'000; ++now) {
    const std::string ulid = NewUlid(now);
    EXPECT_TRUE(IsUlid(ulid)) << ulid;
    EXPECT_LT(before, ulid);
    before = ulid;
  }
  for (int i = 0; i < 1'000; ++i) seen.insert(NewUlid(1'700'000'000'000));
  EXPECT_EQ(seen.size(), 1'000U);
  // 1,469,918,176,385 ms is the example of the ULID's description.
  EXPECT_EQ(NewUlid(1'469'918'176'385).substr(0, 10), "01ARYZ6S41");
}

TEST(Ulid, KnowsNamesThatAreNone) {
  EXPECT_TRUE(IsUlid("7ZZZZZZZZZZZZZZZZZZZZZZZZZ"));
  EXPECT_FALSE(IsUlid("8ZZZZZZZZZZZZZZZZZZZZZZZZZ"));
  EXPECT_FALSE(IsUlid("01ARZ3NDEKTSV4RRFFQ69G5FA"));
  EXPECT_FALSE(IsUlid("01ARZ3NDEKTSV4RRFFQ69G5FAI"));
  EXPECT_FALSE(IsUlid("01arz3ndektsv4rrffq69g5fav"));
  EXPECT_FALSE(IsUlid("01ARZ3NDEKTSV4RRFFQ69G5FAV.tmp"));
}

}  // namespace
}  // namespace tickbird::tsdb
