#include "core/tsdb/block/block_writer.h"

#include "core/base/crc32c.h"
#include "core/tsdb/chunk/bytes.h"

#include "tests/unit/tsdb_block/block_testing.h"

namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MemFs;
using ::testing::SizeIs;

TimestampMs At(int second) {
  return kFrom + second * kSecondMs;
}

std::vector<Sample> Ramp(int from, int to, double value) {
  std::vector<Sample> samples;
  for (int i = from; i < to; ++i) samples.push_back({At(i), value + i});
  return samples;
}

const Labels kA = {{"__name__", "a"}};
const Labels kB = {{"__name__", "b"}};
const Labels kC = {{"__name__", "c"}};

/// Sources that are made anew each time they are opened.
OpenSources Open(std::vector<ListSource> sources) {
  return [sources = std::move(sources)]() -> Result<std::vector<std::unique_ptr<ChunkSeriesSource>>> {
    std::vector<std::unique_ptr<ChunkSeriesSource>> opened;
    for (const ListSource& source : sources) opened.push_back(std::make_unique<ListSource>(source));
    return opened;
  };
}

class WriteBlockTest : public ::testing::Test {
 protected:
  Result<BlockMeta> Write(const OpenSources& sources, const BlockWriteOptions& options = {}) {
    return WriteBlock(fs_, kParent, NewMeta(), sources, options, &notes_);
  }
  Data Written() {
    const auto block = OpenBlock(fs_);
    return block ? Read(*block, Everything()) : Data();
  }

  MemFs fs_;
  std::vector<std::string> notes_;
};

TEST_F(WriteBlockTest, PutsSeriesOfSeveralSourcesInOneOrder) {
  ASSERT_TRUE(Write(Sources({{{kA, Ramp(0, 10, 0)}, {kC, Ramp(0, 10, 0)}}, {{kB, Ramp(0, 10, 0)}}, {}})));
  EXPECT_EQ(Written(), (Data{{kA, Ramp(0, 10, 0)}, {kB, Ramp(0, 10, 0)}, {kC, Ramp(0, 10, 0)}}));
}

TEST_F(WriteBlockTest, MergesOverlappingChunksAndLetsTheLaterSourceWin) {
  ASSERT_TRUE(Write(Sources({{{kA, Ramp(0, 100, 0)}}, {{kA, Ramp(50, 300, 1'000)}}, {{kA, Ramp(80, 90, 5'000)}}})));
  std::vector<Sample> merged = Ramp(0, 50, 0);
  for (const auto& part : {Ramp(50, 80, 1'000), Ramp(80, 90, 5'000), Ramp(90, 300, 1'000)}) {
    merged.insert(merged.end(), part.begin(), part.end());
  }
  EXPECT_EQ(Written(), (Data{{kA, merged}}));
}

TEST_F(WriteBlockTest, CopiesChunksThatMeetNoOther) {
  const auto first = Chunks(Ramp(0, 40, 0));
  const auto second = Chunks(Ramp(40, 41, 0));
  const auto third = Chunks(Ramp(41, 300, 0));
  std::vector<ChunkRef> seen;
  BlockWriteOptions options;
  options.observer = [&](std::uint32_t, const ChunkSeries& series) -> Status {
    seen = series.chunks;
    return {};
  };
  const auto meta =
      Write(Open({ListSource(std::vector<ChunkSeries>{{kA, third}}), ListSource(std::vector<ChunkSeries>{{kA, first}}),
                  ListSource(std::vector<ChunkSeries>{{kA, second}})}),
            options);
  ASSERT_TRUE(meta) << meta.error().ToString();
  EXPECT_EQ(meta->stats.chunks, 5);
  // The same blocks of memory, so nobody decoded them.
  ASSERT_THAT(seen, SizeIs(5));
  EXPECT_EQ(seen[0].bytes().data(), first[0].bytes().data());
  EXPECT_EQ(seen[1].bytes().data(), second[0].bytes().data());
  EXPECT_EQ(seen[2].bytes().data(), third[0].bytes().data());
  EXPECT_EQ(Written(), (Data{{kA, Ramp(0, 300, 0)}}));
}

TEST_F(WriteBlockTest, TellsTheObserverTheNumbersThatFindGives) {
  std::vector<std::pair<Labels, std::uint32_t>> told;
  std::string finished;
  BlockWriteOptions options;
  options.observer = [&](std::uint32_t id, const ChunkSeries& series) -> Status {
    told.emplace_back(series.labels, id);
    return {};
  };
  options.finish = [&](const std::string& directory) -> Status {
    finished = directory;
    auto file = fs_.Create(JoinPath(directory, "beside"));
    return file ? (*file)->Append("x") : Status(file.error());
  };
  ASSERT_TRUE(Write(Sources({MakeData(50, 3)}), options));
  const auto block = OpenBlock(fs_);
  ASSERT_TRUE(block);
  EXPECT_EQ(*block->Find({}), told);
  EXPECT_EQ(finished, BlockPath() + ".tmp-for-creation");
  EXPECT_TRUE(fs_.Exists(JoinPath(BlockPath(), "beside")));
}

TEST_F(WriteBlockTest, LeavesDamagedSeriesOutWithANote) {
  ListSource source(std::vector<ChunkSeries>{{kA, {}}, {kB, Chunks(Ramp(0, 10, 0))}, {kC, Chunks(Ramp(0, 10, 0))}});
  source.FailAt(0, {ErrorCode::kCorruption, "series a is damaged"});
  source.FailAt(1, {ErrorCode::kCorruption, "a chunk of series b is damaged"});
  ASSERT_TRUE(Write(Open({source})));
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("series a"), HasSubstr("series b")));
  EXPECT_EQ(Written(), (Data{{kB, Ramp(0, 10, 0)}, {kC, Ramp(0, 10, 0)}}));
}

TEST_F(WriteBlockTest, EndsWhenASourceCannotBeRead) {
  ListSource source(std::vector<ChunkSeries>{{kA, Chunks(Ramp(0, 10, 0))}, {kB, Chunks(Ramp(0, 10, 0))}});
  source.FailAt(1, {ErrorCode::kUnavailable, "the disk said no"});
  const auto meta = Write(Open({source}));
  ASSERT_FALSE(meta);
  EXPECT_EQ(meta.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(*fs_.List(kParent), IsEmpty());
}

TEST_F(WriteBlockTest, RefusesWhatItDoesNotKnow) {
  const std::string xor2(10, '\1');
  const ChunkRef unknown(static_cast<ChunkEncoding>(4), xor2, {}, At(0), At(1));
  const auto meta = Write(Open({ListSource(std::vector<ChunkSeries>{{kA, {unknown}}})}));
  ASSERT_FALSE(meta);
  EXPECT_EQ(meta.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(*fs_.List(kParent), IsEmpty());
}

TEST_F(WriteBlockTest, RefusesSourcesOutOfOrderAndChunksOutsideOfTheBlock) {
  const auto chunks = Chunks(Ramp(0, 10, 0));
  EXPECT_FALSE(Write(Open({ListSource(std::vector<ChunkSeries>{{kB, chunks}, {kA, chunks}})})));
  EXPECT_FALSE(Write(Open({ListSource(std::vector<ChunkSeries>{{kB, chunks}, {kB, chunks}})})));
  EXPECT_FALSE(Write(Sources({{{kA, {{kFrom - 1, 1}}}}})));
  EXPECT_FALSE(Write(Sources({{{kA, {{kUntil, 1}}}}})));
  EXPECT_TRUE(Write(Sources({{{kA, {{kUntil - 1, 1}}}}})));
  EXPECT_EQ(Write(Sources({{{kA, {{kUntil - 1, 1}}}}})).error().code, ErrorCode::kAlreadyExists);
}

TEST_F(WriteBlockTest, CutsSegments) {
  ASSERT_TRUE(Write(Sources({MakeData(20, 300)}), {.segment_bytes = 2'000}));
  const auto names = *fs_.List(JoinPath(BlockPath(), "chunks"));
  EXPECT_GT(names.size(), 3U);
  EXPECT_EQ(names.front(), "000001");
  for (const std::string& name : names) EXPECT_LE(*fs_.Size(JoinPath(BlockPath(), "chunks/" + name)), 2'000);
  EXPECT_EQ(Written(), MakeData(20, 300));
}

TEST_F(WriteBlockTest, ACopyOfABlockIsTheSameBlock) {
  const Data data = MakeData(50, 500);
  const auto block = MakeBlock(fs_, data);
  ASSERT_TRUE(block);
  BlockMeta meta = NewMeta();
  meta.ulid = NewUlid(kUntil);
  const auto copy = WriteBlock(
      fs_, kParent, meta,
      [&]() -> Result<std::vector<std::unique_ptr<ChunkSeriesSource>>> {
        std::vector<std::unique_ptr<ChunkSeriesSource>> sources;
        sources.push_back(block->AllSeries());
        return sources;
      },
      {}, &notes_);
  ASSERT_TRUE(copy) << copy.error().ToString();
  for (const char* file : {"index", "chunks/000001", "tombstones"}) {
    EXPECT_EQ(*fs_.Read(JoinPath(BlockPath(), file)), *fs_.Read(JoinPath(JoinPath(kParent, meta.ulid), file))) << file;
  }
}

TEST_F(WriteBlockTest, ReadsChunksOfUnknownEncodingAsUnsupported) {
  // Prometheus can be told to write encoding 4: made here of one that we know.
  ASSERT_TRUE(Write(Sources({{{kA, Ramp(0, 10, 0)}}})));
  const std::string path = JoinPath(BlockPath(), "chunks/000001");
  std::string segment = *fs_.Read(path);
  const std::size_t encoding = 9;  // behind the header and one byte of length
  segment[encoding] = 4;
  const std::string chunk = segment.substr(encoding, segment.size() - encoding - 4);
  segment.resize(segment.size() - 4);
  PutBe32(segment, Crc32c(chunk));
  fs_.Overwrite(path, segment);
  const auto block = OpenBlock(fs_);
  ASSERT_TRUE(block);
  auto selected = block->Select(Everything());
  ASSERT_TRUE(selected && selected->size() == 1);
  TimestampMs timestamp = 0;
  double value = 0;
  EXPECT_EQ(selected->front().cursor->Read({&timestamp, 1}, {&value, 1}), 0U);
  EXPECT_EQ(selected->front().cursor->status().error().code, ErrorCode::kUnsupported);
  ChunkSeries series;
  EXPECT_EQ(block->AllSeries()->Next(&series).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace tickbird::tsdb
