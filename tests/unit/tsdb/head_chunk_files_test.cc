#include "core/tsdb/head/head_chunk_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/tsdb/chunk/xor_chunk.h"
#include "tests/testing/mem_fs.h"

namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kDirectory = "data/chunks_head";

ChunkRef MakeChunk(TimestampMs from, int samples, double first = 0) {
  XorAppender appender;
  for (int i = 0; i < samples; ++i) appender.Append(from + i * 1000, first + i * i * 0.1);
  return appender.Snapshot();
}

/// The files with all chunks that the start handed out.
struct Opened {
  std::unique_ptr<HeadChunkFiles> files;
  HeadChunkFacts facts;
  std::vector<std::pair<SeriesRef, SpilledChunk>> chunks;
};

Result<Opened> Open(Fs& fs, std::int64_t file_bytes = HeadChunkFiles::kFileBytes) {
  Opened opened;
  TICKBIRD_ASSIGN_OR_RETURN(
      opened.files, HeadChunkFiles::Open(
                        fs, kDirectory,
                        [&](SeriesRef series, const SpilledChunk& chunk) { opened.chunks.emplace_back(series, chunk); },
                        &opened.facts, file_bytes));
  return opened;
}

Opened MustOpen(Fs& fs, std::int64_t file_bytes = HeadChunkFiles::kFileBytes) {
  auto opened = Open(fs, file_bytes);
  EXPECT_TRUE(opened) << (opened ? "" : opened.error().ToString());
  return opened ? std::move(*opened) : Opened();
}

std::string BytesOf(const HeadChunkFiles& files, const SpilledChunk& chunk) {
  const auto file = files.Pin(chunk.file);
  if (!file) return "no file";
  std::vector<ChunkRef> read;
  const Status status = file->Read(std::span(&chunk, 1), &read);
  return status ? std::string(read.at(0).bytes()) : status.error().message;
}

/// Writes `count` chunks of series 1, 2, ... and returns what each holds.
std::map<SeriesRef, std::string> WriteChunks(HeadChunkFiles& files, int count, SeriesRef first = 1) {
  std::map<SeriesRef, std::string> content;
  std::vector<HeadChunkFiles::NewChunk> chunks;
  for (int i = 0; i < count; ++i) {
    const SeriesRef series = first + static_cast<SeriesRef>(i);
    chunks.push_back({series, MakeChunk(1000 * static_cast<TimestampMs>(series), 3 + i % 5, i)});
    content[series] = chunks.back().chunk.bytes();
  }
  const auto written = files.Append(chunks);
  EXPECT_TRUE(written) << (written ? "" : written.error().ToString());
  return content;
}

void ExpectContent(const Opened& opened, const std::map<SeriesRef, std::string>& content, const std::string& what) {
  for (const auto& [series, chunk] : opened.chunks) {
    ASSERT_TRUE(content.contains(series)) << what;
    ASSERT_EQ(BytesOf(*opened.files, chunk), content.at(series)) << what << ", series " << series;
  }
}

TEST(HeadChunkFiles, WritesWhatPrometheusReads) {
  testing::MemFs fs;
  Opened opened = MustOpen(fs);
  XorAppender appender;
  appender.Append(0x0102030405, 1);
  const ChunkRef chunk = appender.Snapshot();
  const HeadChunkFiles::NewChunk chunks[] = {{7, chunk}};
  ASSERT_TRUE(opened.files->Append(chunks));
  const std::string file = fs.Read("data/chunks_head/000001").value_or("");
  using namespace std::string_literals;
  const std::string expected = "\x01\x30\xbc\x91\x01\0\0\0"s + "\0\0\0\0\0\0\0\x07"s + "\0\0\0\x01\x02\x03\x04\x05"s +
                               "\0\0\0\x01\x02\x03\x04\x05"s + "\x01"s + static_cast<char>(chunk.bytes().size()) +
                               std::string(chunk.bytes());
  ASSERT_EQ(file.size(), expected.size() + 4);
  EXPECT_EQ(file.substr(0, expected.size()), expected);
}

TEST(HeadChunkFiles, ComeBackInOrderFromSeveralFiles) {
  testing::MemFs fs;
  Opened opened = MustOpen(fs, 1000);
  EXPECT_THAT(opened.chunks, IsEmpty());
  const auto content = WriteChunks(*opened.files, 60);
  EXPECT_GT(opened.files->stats().files, 3);
  opened = MustOpen(fs, 1000);
  EXPECT_EQ(opened.facts.chunks, 60);
  EXPECT_THAT(opened.facts.notes, IsEmpty());
  ASSERT_THAT(opened.chunks, SizeIs(60));
  for (std::size_t i = 0; i < 60; ++i) EXPECT_EQ(opened.chunks[i].first, i + 1);
  ExpectContent(opened, content, "reopened");
  // The next file continues the numbers.
  const auto more = WriteChunks(*opened.files, 1, 100);
  Opened again = MustOpen(fs, 1000);
  EXPECT_EQ(again.chunks.back().second.file, opened.chunks[59].second.file + 1);
}

TEST(HeadChunkFiles, ReadsNeighboursTogether) {
  testing::MemFs fs;
  const Opened opened = MustOpen(fs);
  std::vector<HeadChunkFiles::NewChunk> chunks;
  for (int i = 0; i < 20; ++i) chunks.push_back({1, MakeChunk(i * 1'000'000, 100, i)});
  // One that is longer than what a read takes at a guess.
  chunks.push_back({1, ChunkRef(ChunkEncoding::kHistogram, std::string(100'000, 'x'), {}, 30'000'000, 30'000'001)});
  const auto written = opened.files->Append(chunks);
  ASSERT_TRUE(written);
  const auto file = opened.files->Pin(1);
  ASSERT_TRUE(file);
  const std::int64_t before = fs.calls();
  std::vector<ChunkRef> read;
  ASSERT_TRUE(file->Read(*written, &read));
  EXPECT_LE(fs.calls() - before, 4) << "open, read, and the end of the long one";
  ASSERT_EQ(read.size(), chunks.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].bytes(), chunks[i].chunk.bytes()) << i;
    EXPECT_EQ(read[i].encoding(), chunks[i].chunk.encoding());
    EXPECT_EQ(read[i].min_time(), chunks[i].chunk.min_time());
    EXPECT_EQ(read[i].max_time(), chunks[i].chunk.max_time());
  }
}

TEST(HeadChunkFiles, SkipsWhatPrometheusKeepsOutOfOrder) {
  testing::MemFs fs;
  std::map<SeriesRef, std::string> content;
  {
    const Opened opened = MustOpen(fs);
    content = WriteChunks(*opened.files, 3);
  }
  std::string file = fs.Read("data/chunks_head/000001").value_or("");
  std::string record;
  AppendHeadChunk(&record, 9, ChunkRef(static_cast<ChunkEncoding>(0x81), "abc", {}, 1, 2));
  AppendHeadChunk(&record, 9, ChunkRef(static_cast<ChunkEncoding>(4), "abc", {}, 1, 2));
  file.insert(8, record);
  fs.Overwrite("data/chunks_head/000001", file + std::string(5000, '\0'));
  const Opened opened = MustOpen(fs);
  EXPECT_EQ(opened.facts.skipped_chunks, 2);
  EXPECT_EQ(opened.facts.chunks, 3);
  EXPECT_THAT(opened.facts.notes, IsEmpty()) << "zeros at the end are no damage";
  ExpectContent(opened, content, "others");
}

TEST(HeadChunkFiles, EveryFlippedByteIsFoundAndNamed) {
  testing::MemFs written;
  std::map<SeriesRef, std::string> content;
  {
    const Opened opened = MustOpen(written, 300);
    content = WriteChunks(*opened.files, 12);
    ASSERT_EQ(opened.files->stats().files, 3);
  }
  for (const char* const name : {"data/chunks_head/000002", "data/chunks_head/000003"}) {
    const std::string good = written.Read(name).value_or("");
    for (std::size_t at = 0; at < good.size(); ++at) {
      for (const char flip : {'\x01', '\x80', '\xff'}) {
        testing::MemFs fs;
        ASSERT_TRUE(fs.MakeDirs(kDirectory));
        for (const char* const other :
             {"data/chunks_head/000001", "data/chunks_head/000002", "data/chunks_head/000003"}) {
          ASSERT_TRUE(fs.Create(other));
          fs.Overwrite(other, written.Read(other).value_or(""));
        }
        std::string damaged = good;
        damaged[at] ^= flip;
        fs.Overwrite(name, damaged);
        const std::string what = std::string(name) + " at " + std::to_string(at);
        Opened opened = MustOpen(fs, 300);
        ASSERT_THAT(opened.facts.notes, ElementsAre(HasSubstr(name))) << what;
        ASSERT_EQ(opened.facts.damaged_files + (opened.facts.torn_bytes > 0 ? 1 : 0), 1) << what;
        ExpectContent(opened, content, what);
        const std::size_t found = opened.chunks.size();
        ASSERT_GE(found, 4U) << what;
        ASSERT_TRUE(opened.facts.damaged_files == 0 || fs.Read(std::string(name) + ".damaged").value_or("") == damaged)
            << what;
        // Repaired: the next start finds nothing to say, and the same.
        opened = MustOpen(fs, 300);
        ASSERT_THAT(opened.facts.notes, IsEmpty()) << what;
        ASSERT_EQ(opened.chunks.size(), found) << what;
        ExpectContent(opened, content, what + " again");
      }
    }
  }
}

TEST(HeadChunkFiles, EveryTruncationKeepsTheGoodFront) {
  testing::MemFs written;
  std::map<SeriesRef, std::string> content;
  {
    const Opened opened = MustOpen(written, 300);
    content = WriteChunks(*opened.files, 12);
  }
  for (const int number : {1, 3}) {
    const std::string name = "data/chunks_head/00000" + std::to_string(number);
    const std::string good = written.Read(name).value_or("");
    std::size_t before = 0;
    for (std::size_t size = 0; size < good.size(); ++size) {
      testing::MemFs fs;
      ASSERT_TRUE(fs.MakeDirs(kDirectory));
      for (const char* const other :
           {"data/chunks_head/000001", "data/chunks_head/000002", "data/chunks_head/000003"}) {
        ASSERT_TRUE(fs.Create(other));
        fs.Overwrite(other, written.Read(other).value_or(""));
      }
      fs.Overwrite(name, good.substr(0, size));
      const std::string what = name + " cut to " + std::to_string(size);
      Opened opened = MustOpen(fs, 300);
      ExpectContent(opened, content, what);
      ASSERT_GE(opened.chunks.size(), before) << what;
      before = opened.chunks.size();
      // Files without a hole, as Prometheus wants them.
      ASSERT_TRUE(fs.Exists(name) || number == 3) << what;
      WriteChunks(*opened.files, 1, 50);
      opened = MustOpen(fs, 300);
      ASSERT_THAT(opened.facts.notes, IsEmpty()) << what;
      ASSERT_EQ(opened.chunks.size(), before + 1) << what;
    }
  }
}

TEST(HeadChunkFiles, RefusesANewerVersionAndChangesNothing) {
  testing::MemFs fs;
  ASSERT_TRUE(fs.MakeDirs(kDirectory));
  ASSERT_TRUE(fs.Create("data/chunks_head/000001"));
  std::string file(HeadChunkFileHeader());
  file[4] = 2;
  file += "something else";
  fs.Overwrite("data/chunks_head/000001", file);
  const auto opened = Open(fs);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(opened.error().message, HasSubstr("version 2"));
  EXPECT_THAT(fs.List(kDirectory).value_or(std::vector<std::string>()), ElementsAre("000001"));
}

TEST(HeadChunkFiles, AnyCallMayFailAndNothingWrongStays) {
  for (std::int64_t n = 1; n < 200; ++n) {
    for (const bool is_power_cut : {false, true}) {
      testing::MemFs fs;
      ASSERT_TRUE(fs.MakeDirs("data"));
      ASSERT_TRUE(fs.SyncDir("/"));
      Opened opened = MustOpen(fs, 300);
      const std::int64_t before = fs.calls();
      fs.FailCall(n, n % 2 == 0 ? ErrorCode::kTooLarge : ErrorCode::kUnavailable);
      std::map<SeriesRef, std::string> told;
      std::map<SeriesRef, std::string> synced;
      for (SeriesRef series = 1; series <= 12; ++series) {
        const HeadChunkFiles::NewChunk chunks[] = {{series, MakeChunk(1000, 5, static_cast<double>(series))},
                                                   {series, MakeChunk(9000, 5, static_cast<double>(series))}};
        const auto written = opened.files->Append(chunks);
        if (written) told[series] = chunks[0].chunk.bytes();
        if (series % 4 == 0 && opened.files->Sync()) synced = told;
      }
      const bool all_calls_done = fs.calls() - before < n;
      fs.FailCall(0);
      if (is_power_cut) fs.Crash();
      opened = MustOpen(fs, 300);
      std::set<SeriesRef> found;
      for (const auto& [series, chunk] : opened.chunks) {
        found.insert(series);
        if (chunk.min_time == 1000 && told.contains(series)) {
          ASSERT_EQ(BytesOf(*opened.files, chunk), told[series]) << n;
        }
      }
      for (const auto& [series, bytes] : is_power_cut ? synced : told) {
        ASSERT_TRUE(found.contains(series)) << "call " << n << ", series " << series;
      }
      ASSERT_EQ(opened.facts.damaged_files, 0) << n;
      if (all_calls_done) return;
    }
  }
  FAIL() << "more calls than expected";
}

TEST(HeadChunkFiles, AnyCallOfAStartThatRepairsMayFail) {
  for (std::int64_t n = 1; n < 100; ++n) {
    testing::MemFs fs;
    std::map<SeriesRef, std::string> content;
    {
      const Opened opened = MustOpen(fs, 300);
      content = WriteChunks(*opened.files, 12);
    }
    std::string damaged = fs.Read("data/chunks_head/000002").value_or("");
    damaged[damaged.size() / 2] ^= 1;
    fs.Overwrite("data/chunks_head/000002", damaged);
    const std::int64_t before = fs.calls();
    fs.FailCall(n);
    const auto failed = Open(fs, 300);
    const bool all_calls_done = fs.calls() - before < n;
    fs.FailCall(0);
    if (failed) ExpectContent(*failed, content, "at once");
    const Opened opened = MustOpen(fs, 300);
    ExpectContent(opened, content, "call " + std::to_string(n));
    EXPECT_GE(opened.chunks.size(), 9U);
    EXPECT_TRUE(fs.Exists("data/chunks_head/000002.damaged"));
    EXPECT_FALSE(fs.Exists("data/chunks_head/000002.repaired"));
    if (all_calls_done) return;
  }
  FAIL() << "more calls than expected";
}

TEST(HeadChunkFiles, OldestFilesGoWhenNobodyReadsThem) {
  testing::MemFs fs;
  Opened opened = MustOpen(fs, 300);
  WriteChunks(*opened.files, 30);
  const std::int64_t files = opened.files->stats().files;
  ASSERT_GT(files, 4);
  ASSERT_TRUE(opened.files->RemoveBefore(0));
  EXPECT_EQ(opened.files->stats().files, files);
  auto pin = opened.files->Pin(2);
  ASSERT_TRUE(opened.files->RemoveBefore(1000 * 22));
  EXPECT_FALSE(fs.Exists("data/chunks_head/000001"));
  EXPECT_TRUE(fs.Exists("data/chunks_head/000002"));
  EXPECT_TRUE(fs.Exists("data/chunks_head/000003")) << "no hole";
  pin.reset();
  ASSERT_TRUE(opened.files->RemoveBefore(1000 * 22));
  EXPECT_FALSE(fs.Exists("data/chunks_head/000003"));
  EXPECT_GT(opened.files->stats().files, 0);
  ASSERT_TRUE(opened.files->RemoveBefore(1'000'000'000));
  EXPECT_EQ(opened.files->stats().files, 0) << "also the one that was written";
  EXPECT_EQ(opened.files->stats().bytes, 0);
  const auto content = WriteChunks(*opened.files, 1, 77);
  opened = MustOpen(fs, 300);
  ExpectContent(opened, content, "after");
  EXPECT_THAT(opened.chunks, SizeIs(1));
}

}  // namespace
}  // namespace tickbird::tsdb
