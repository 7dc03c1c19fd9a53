#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tsdb/head_testing.h"

namespace tickbird::tsdb {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kSeriesCount = 5;

HeadOptions Options() {
  HeadOptions options{.memory_window = 5 * kMinuteMs, .max_future = kHourMs};
  options.wal.segment_bytes = 32768;
  return options;
}

double Value(int series, int i) {
  return series * 1000 + i * 0.37 * (i % 7);
}

/// One sample a second of each series in [from, from + count) seconds after kNow, with Maintain every 30 of them.
void Fill(Head& head, int from, int count) {
  for (int i = from; i < from + count; ++i) {
    const auto appender = head.NewAppender();
    for (int n = 0; n < kSeriesCount; ++n) {
      ASSERT_TRUE(appender->Append(0, Metric("m", std::to_string(n)), kNow + i * kSecondMs, Value(n, i)));
    }
    ASSERT_TRUE(appender->Commit());
    if (i % 30 == 29) head.Maintain(kNow + i * kSecondMs);
  }
}

/// That the head holds exactly what Fill wrote in [from, end).
void ExpectFilled(const Head& head, int from, int end, const std::string& what = "") {
  const Content content = ReadAll(head);
  ASSERT_EQ(content.size(), static_cast<std::size_t>(kSeriesCount)) << what;
  for (int n = 0; n < kSeriesCount; ++n) {
    const auto& samples = content.at(Metric("m", std::to_string(n)).ToString());
    ASSERT_EQ(samples.size(), static_cast<std::size_t>(end - from)) << what << " series " << n;
    for (int i = from; i < end; ++i) {
      ASSERT_EQ(samples[static_cast<std::size_t>(i - from)], (Sample{kNow + i * kSecondMs, Value(n, i)}))
          << what << " series " << n << " at " << i;
    }
  }
}

TEST(HeadSpill, OldChunksAreOnDiskAndReadFromThere) {
  testing::MemFs fs;
  const auto head = OpenHead(fs, Options());
  Fill(*head, 0, 3600);
  const HeadStats stats = head->Stats();
  EXPECT_GT(stats.spilled_chunks, kSeriesCount * 10);
  EXPECT_EQ(stats.spilled_chunks, stats.chunks_spilled);
  EXPECT_LE(stats.chunks, kSeriesCount * 4) << "five minutes";
  EXPECT_GT(stats.head_chunks.files, 0);
  EXPECT_EQ(stats.chunks_evicted, 0);
  ExpectFilled(*head, 0, 3600);
  // A range in the middle, on disk alone, and the newest sample of it.
  const Selection middle{
      .matchers = {Matcher::Equal("instance", "2")}, .min = kNow + 1000 * kSecondMs, .max = kNow + 1500 * kSecondMs};
  const Content part = Read(*head, middle);
  EXPECT_EQ(part.begin()->second.size(), 501U);
  Selection newest = middle;
  newest.newest_only = true;
  EXPECT_THAT(Read(*head, newest).begin()->second,
              ::testing::ElementsAre(Sample{kNow + 1500 * kSecondMs, Value(2, 1500)}));
}

TEST(HeadSpill, RestartTakesChunksFromDiskAndTheRestFromTheLog) {
  testing::MemFs fs;
  auto head = OpenHead(fs, Options());
  Fill(*head, 0, 1000);
  const std::int64_t spilled = head->Stats().spilled_chunks;
  for (int round = 1; round < 4; ++round) {
    head.reset();
    head = OpenHead(fs, Options(), kData, kNow + round * 1000 * kSecondMs);
    ExpectFilled(*head, 0, round * 1000, "restarted");
    const HeadReplay replay = head->Stats().replay;
    EXPECT_EQ(replay.chunks_dropped, 0);
    EXPECT_GE(replay.head_chunks.chunks, spilled);
    EXPECT_GT(replay.repeated_samples, replay.samples / 2) << "left out, since chunks on disk hold them";
    Fill(*head, round * 1000, 1000);
    ExpectFilled(*head, 0, round * 1000 + 1000, "going on");
  }
}

TEST(HeadSpill, SeriesThatEndedKnowTheirNewestSample) {
  testing::MemFs fs;
  auto head = OpenHead(fs, Options());
  Fill(*head, 0, 300);
  for (int i = 300; i < 1000; i += 10) ASSERT_TRUE(Put(*head, Metric("other"), kNow + i * kSecondMs, i));
  head->Maintain(kNow + 1000 * kSecondMs);
  // The log is gone, but for the series.
  for (const std::string& name : fs.List("data/wal").value_or(std::vector<std::string>())) {
    if (name == "00000000") continue;
    ASSERT_TRUE(fs.Remove("data/wal/" + name));
  }
  head.reset();
  HeadOptions options = Options();
  options.out_of_order_window = 0;
  head = OpenHead(fs, options, kData, kNow + 1000 * kSecondMs);
  const Content content = ReadAll(*head);
  for (const auto& [name, samples] : content) {
    const TimestampMs newest = samples.back().timestamp;
    const Labels labels = name == "other" ? Metric("other") : Metric("m", name.substr(name.find('"') + 1, 1));
    EXPECT_FALSE(Put(*head, labels, newest - 1, 1)) << name;
    EXPECT_TRUE(Put(*head, labels, newest, samples.back().value)) << name;
    EXPECT_FALSE(Put(*head, labels, newest, samples.back().value + 1)) << name;
    EXPECT_TRUE(Put(*head, labels, newest + 1, 7)) << name;
    Selection selection{.matchers = {}, .min = newest, .max = newest, .newest_only = true};
    EXPECT_THAT(Read(*head, selection).at(name), ::testing::ElementsAre(samples.back()));
  }
  EXPECT_GE(content.size(), 5U);
}

TEST(HeadSpill, DropBeforeTakesFilesAway) {
  testing::MemFs fs;
  auto head = OpenHead(fs, Options());
  Fill(*head, 0, 3600);
  const std::int64_t bytes = head->Stats().head_chunks.bytes;
  const TimestampMs cut = kNow - kNow % (30 * kMinuteMs) + kHourMs;
  auto held = head->Select({.matchers = {}, .min = 0, .max = cut - 1});
  ASSERT_TRUE(held);
  head->DropBefore(cut);
  head->Maintain(kNow + 3600 * kSecondMs);
  // A cursor from before still reads what it was promised.
  TimestampMs timestamps[100];
  double values[100];
  std::size_t count = 0;
  while (const std::size_t got = held->at(0).cursor->Read(timestamps, values)) count += got;
  EXPECT_TRUE(held->at(0).cursor->status());
  EXPECT_EQ(count, static_cast<std::size_t>((cut - kNow) / kSecondMs));
  held->clear();
  Fill(*head, 3600, 1200);
  head->DropBefore(kNow + 4500 * kSecondMs);
  head->Maintain(kNow + 4800 * kSecondMs);
  EXPECT_LT(head->Stats().head_chunks.bytes, bytes);
  for (const auto& [name, samples] : ReadAll(*head)) EXPECT_GE(samples.size(), 300U) << name;
  head.reset();
  head = OpenHead(fs, Options(), kData, kNow + 4800 * kSecondMs, 300 * kSecondMs);
  for (const auto& [name, samples] : ReadAll(*head)) EXPECT_GE(samples.size(), 300U) << name;
}

TEST(HeadSpill, FullDiskKeepsChunksInMemoryUntilThereIsRoom) {
  testing::MemFs fs;
  auto head = OpenHead(fs, Options());
  Fill(*head, 0, 600);
  const std::int64_t spilled = head->Stats().spilled_chunks;
  fs.SetCapacity(fs.used());
  for (int i = 600; i < 1200; ++i) {
    for (int n = 0; n < kSeriesCount; ++n)
      EXPECT_FALSE(Put(*head, Metric("m", std::to_string(n)), kNow + i * kSecondMs, Value(n, i)));
  }
  head->Maintain(kNow + 1200 * kSecondMs);
  EXPECT_EQ(head->Stats().spilled_chunks, spilled);
  EXPECT_GT(head->Stats().head_chunks.write_failures, 0);
  ExpectFilled(*head, 0, 1200, "disk full");
  fs.SetCapacity(std::nullopt);
  head->Maintain(kNow + 1210 * kSecondMs);
  EXPECT_GT(head->Stats().spilled_chunks, spilled);
  ExpectFilled(*head, 0, 1200, "room again");
}

TEST(HeadSpill, MemoryLimitsSendYoungerChunksToDisk) {
  testing::MemFs fs;
  HeadOptions options = Options();
  options.memory_window = kHourMs;
  options.max_chunk_bytes = 16'000;
  auto head = OpenHead(fs, options);
  Fill(*head, 0, 3000);
  EXPECT_EQ(head->Stats().chunks_evicted, 0);
  EXPECT_GT(head->Stats().spilled_chunks, 50);
  EXPECT_LE(head->Stats().chunk_bytes, 16'000);
  ExpectFilled(*head, 0, 3000);
  head.reset();
  head = OpenHead(fs, options, kData, kNow + 3000 * kSecondMs);
  EXPECT_LE(head->Stats().chunk_bytes, 16'000) << "also while the log is replayed";
  ExpectFilled(*head, 0, 3000);
}

TEST(HeadSpill, AtTheMemoryLimitNewSeriesAreRefusedAndOthersGoOn) {
  testing::MemFs fs;
  HeadOptions options = Options();
  options.max_memory_bytes = 600'000;
  const auto head = OpenHead(fs, options);
  int made = 0;
  while (made < 10'000 && Put(*head, Metric("m", std::to_string(made)), kNow, made)) ++made;
  EXPECT_GT(made, 500);
  ASSERT_LT(made, 10'000);
  EXPECT_EQ(Refused(*head, RefusedReason::kMemoryLimit), 1);
  EXPECT_EQ(RefusedReasonName(RefusedReason::kMemoryLimit), "memory_limit");
  EXPECT_NEAR(static_cast<double>(head->Stats().memory_bytes), 600'000, 20'000);
  EXPECT_EQ(Put(*head, Metric("new"), kNow, 1).error().code, ErrorCode::kTooLarge);
  for (int n = 0; n < made; ++n) ASSERT_TRUE(Put(*head, Metric("m", std::to_string(n)), kNow + 1000, n));
}

TEST(HeadSpill, DamagedChunkIsNamedAndTheRestServed) {
  testing::MemFs fs;
  auto head = OpenHead(fs, Options());
  Fill(*head, 0, 1500);
  std::string file = fs.Read("data/chunks_head/000001").value_or("");
  file[file.size() / 2] ^= 1;
  fs.Overwrite("data/chunks_head/000001", file);
  auto selected = head->Select({.matchers = {}, .min = 0, .max = kNow + kHourMs});
  ASSERT_TRUE(selected);
  int damaged = 0;
  for (auto& series : *selected) {
    TimestampMs timestamps[100];
    double values[100];
    std::size_t count = 0;
    while (const std::size_t got = series.cursor->Read(timestamps, values)) {
      for (std::size_t i = 0; i < got; ++i) {
        const int n = series.labels.Get("instance")[0] - '0';
        ASSERT_EQ(values[i], Value(n, static_cast<int>((timestamps[i] - kNow) / kSecondMs)));
      }
      count += got;
    }
    if (series.cursor->status()) {
      EXPECT_EQ(count, 1500U);
    } else {
      ++damaged;
      EXPECT_EQ(series.cursor->status().error().code, ErrorCode::kCorruption);
      EXPECT_THAT(series.cursor->status().error().message, HasSubstr("000001"));
      EXPECT_GT(count, 1000U);
    }
  }
  EXPECT_EQ(damaged, 1);
  const auto source = head->SeriesIn(0, kNow + kHourMs);
  ChunkSeries series;
  int bad = 0;
  int good = 0;
  for (int i = 0; i < kSeriesCount; ++i) {
    const auto more = source->Next(&series);
    ++(more ? good : bad);
    EXPECT_FALSE(series.chunks.empty());
  }
  EXPECT_EQ(bad, 1);
  EXPECT_EQ(good, kSeriesCount - 1);
  EXPECT_EQ(source->Next(&series).value_or(true), false);
  // A start gets the samples back from the log.
  head.reset();
  head = OpenHead(fs, Options(), kData, kNow + 1500 * kSecondMs);
  EXPECT_EQ(head->Stats().replay.head_chunks.damaged_files, 1);
  ExpectFilled(*head, 0, 1500, "from the log");
  // And again, when what filled the gap is on disk too.
  Fill(*head, 1500, 600);
  head.reset();
  head = OpenHead(fs, Options(), kData, kNow + 2100 * kSecondMs);
  ExpectFilled(*head, 0, 2100, "healed");
}

TEST(HeadSpill, AnyByteOfTheFilesMayBeFlipped) {
  testing::MemFs written;
  {
    auto head = OpenHead(written, Options());
    Fill(*head, 0, 900);
  }
  const std::string name = "data/chunks_head/000001";
  const std::string good = written.Read(name).value_or("");
  ASSERT_GT(good.size(), 1000U);
  const std::vector<std::string> segments = written.List("data/wal").value_or(std::vector<std::string>());
  // A prime step in between, so that all places of a record come up.
  for (std::size_t at = 0; at < good.size(); at += 17) {
    testing::MemFs fs;
    ASSERT_TRUE(fs.MakeDirs("data/wal"));
    ASSERT_TRUE(fs.MakeDirs("data/chunks_head"));
    for (const std::string& segment : segments) {
      ASSERT_TRUE(fs.Create("data/wal/" + segment));
      fs.Overwrite("data/wal/" + segment, written.Read("data/wal/" + segment).value_or(""));
    }
    ASSERT_TRUE(fs.Create(name));
    std::string damaged = good;
    damaged[at] ^= static_cast<char>(1 << at % 8);
    if (at % 2 == 1) damaged.resize(at);
    fs.Overwrite(name, damaged);
    const auto head = OpenHead(fs, Options(), kData, kNow + 900 * kSecondMs);
    ASSERT_TRUE(head);
    // A file that was cut between two chunks says nothing of it.
    if (at % 2 == 0) ASSERT_FALSE(head->Stats().replay.head_chunks.notes.empty()) << at;
    ASSERT_NO_FATAL_FAILURE(ExpectFilled(*head, 0, 900, "damage at " + std::to_string(at)));
  }
}

TEST(HeadSpill, ChunksOfUnknownSeriesAreCounted) {
  testing::MemFs fs;
  auto head = OpenHead(fs, Options());
  Fill(*head, 0, 900);
  const std::int64_t spilled = head->Stats().spilled_chunks;
  head.reset();
  ASSERT_TRUE(fs.RemoveAll("data/wal"));
  head = OpenHead(fs, Options(), kData, kNow + 900 * kSecondMs);
  EXPECT_EQ(head->Stats().replay.chunks_dropped, spilled);
  EXPECT_THAT(ReadAll(*head), IsEmpty());
}

TEST(HeadSpill, LateSamplesThatMissedTheirChunkComeBack) {
  testing::MemFs fs;
  auto head = OpenHead(fs, Options());
  Fill(*head, 0, 600);
  const Labels labels = Metric("m", "1");
  ASSERT_TRUE(Put(*head, labels, kNow + 599'500, 5));
  ASSERT_TRUE(Put(*head, labels, kNow + 590'500, 6));
  const Content expected = ReadAll(*head);
  // As if chunks on disk were older than the late samples: those of a head that never got them.
  testing::MemFs other;
  {
    auto twin = OpenHead(other, Options());
    Fill(*twin, 0, 600);
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(Put(*twin, Metric("z"), kNow + (700 + i * 2) * kSecondMs, i));
    twin->Maintain(kNow + 2000 * kSecondMs);
    ASSERT_GE(twin->Stats().spilled_chunks, kSeriesCount * 4);
  }
  head.reset();
  ASSERT_TRUE(fs.MakeDirs("data/chunks_head"));
  ASSERT_TRUE(fs.Create("data/chunks_head/000001"));
  fs.Overwrite("data/chunks_head/000001", other.Read("data/chunks_head/000001").value_or(""));
  head = OpenHead(fs, Options(), kData, kNow + 600 * kSecondMs);
  EXPECT_EQ(ReadAll(*head), expected);
}

}  // namespace
}  // namespace tickbird::tsdb
