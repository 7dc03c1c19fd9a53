// What was appended comes back, however the histograms change on the way: through the builder, and through merging.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "core/tsdb/chunk/chunk_builder.h"
#include "core/tsdb/chunk/chunk_cursor.h"
#include "core/tsdb/chunk/chunk_merge.h"
#include "core/tsdb/chunk/chunk_reader.h"
#include "tests/unit/tsdb_chunk/plain_histogram.h"
#include "tests/unit/tsdb_chunk/random_histograms.h"

namespace tickbird::tsdb {
namespace {

constexpr unsigned kSeeds = 25;

template <class AnyHistogram>
std::vector<std::pair<TimestampMs, AnyHistogram>> RandomSamples(unsigned seed) {
  RandomHistograms<AnyHistogram> random(seed);
  std::vector<std::pair<TimestampMs, AnyHistogram>> samples;
  TimestampMs time = random.Below(1000);
  for (int i = 1 + random.Below(300); i > 0; --i) {
    time += random.Chance(5) ? 1 + random.Below(100'000) : 1000;
    samples.emplace_back(time, random.Next());
  }
  return samples;
}

template <class AnyHistogram>
std::vector<ChunkRef> Build(const std::vector<std::pair<TimestampMs, AnyHistogram>>& samples) {
  ChunkBuilder builder;
  for (const auto& [time, histogram] : samples) builder.Append(time, histogram);
  return builder.Finish();
}

template <class AnyHistogram>
std::vector<std::pair<TimestampMs, AnyHistogram>> ReadAll(const std::vector<ChunkRef>& chunks) {
  std::vector<std::pair<TimestampMs, AnyHistogram>> samples;
  for (const ChunkRef& chunk : chunks) {
    ChunkReader reader(chunk);
    const std::size_t before = samples.size();
    std::pair<TimestampMs, AnyHistogram> sample;
    while (reader.ReadHistogram(&sample.first, &sample.second)) {
      EXPECT_TRUE(sample.second.Validate()) << sample.second.Validate().error().message;
      samples.push_back(sample);
    }
    EXPECT_FALSE(reader.damaged());
    EXPECT_EQ(samples.size() - before, chunk.sample_count());
    EXPECT_EQ(samples.at(before).first, chunk.min_time());
    EXPECT_EQ(samples.back().first, chunk.max_time());
  }
  return samples;
}

template <class AnyHistogram>
void ExpectSame(const std::vector<std::pair<TimestampMs, AnyHistogram>>& samples,
                const std::vector<std::pair<TimestampMs, AnyHistogram>>& expected) {
  ASSERT_EQ(samples.size(), expected.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    ASSERT_EQ(samples[i].first, expected[i].first);
    ASSERT_EQ(PlainHistogram(samples[i].second), PlainHistogram(expected[i].second)) << "sample " << i;
  }
}

template <class AnyHistogram>
class HistogramRoundTrip : public testing::Test {};
using BothKinds = testing::Types<Histogram, FloatHistogram>;
TYPED_TEST_SUITE(HistogramRoundTrip, BothKinds);

TYPED_TEST(HistogramRoundTrip, GivesBackWhatWasAppended) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    const auto samples = RandomSamples<TypeParam>(seed);
    ExpectSame(ReadAll<TypeParam>(Build(samples)), samples);
  }
}

TEST(HistogramChunk, IsReadAsFloatsToo) {
  const auto samples = RandomSamples<Histogram>(7);
  const auto floats = ReadAll<FloatHistogram>(Build(samples));
  ASSERT_EQ(floats.size(), samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i)
    EXPECT_EQ(PlainHistogram(floats[i].second), PlainHistogram(samples[i].second));
}

TYPED_TEST(HistogramRoundTrip, HintsHoldWithinAChunk) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    for (const ChunkRef& chunk : Build(RandomSamples<TypeParam>(seed))) {
      ChunkReader reader(chunk);
      TimestampMs time = 0;
      TypeParam before;
      TypeParam histogram;
      for (int i = 0; reader.ReadHistogram(&time, &histogram); ++i) {
        const bool is_gauge = histogram.hint == CounterResetHint::kGauge;
        if (!histogram.IsStale() && !is_gauge) {
          EXPECT_EQ(histogram.hint, i == 0 ? CounterResetHint::kUnknown : CounterResetHint::kNotCounterReset);
          if (i > 0) EXPECT_GE(histogram.count, before.count);
        }
        before = histogram;
      }
    }
  }
}

TYPED_TEST(HistogramRoundTrip, SurvivesMerging) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    const auto samples = RandomSamples<TypeParam>(seed);
    // Dealt to three sources that overlap everywhere; some samples to two of them.
    std::vector<std::pair<TimestampMs, TypeParam>> sources[3];
    std::mt19937 random(seed);
    for (const auto& sample : samples) {
      const std::size_t owner = random() % 3;
      sources[owner].push_back(sample);
      if (random() % 4 == 0) sources[(owner + 1) % 3].push_back(sample);
    }
    std::vector<ChunkRef> chunks;
    for (const auto& source : sources) {
      for (const ChunkRef& chunk : Build(source)) chunks.push_back(chunk);
    }
    bool damaged = false;
    const auto merged = MergeChunks(chunks, {}, &damaged);
    EXPECT_FALSE(damaged);
    for (std::size_t i = 1; i < merged.size(); ++i) EXPECT_LT(merged[i - 1].max_time(), merged[i].min_time());
    ExpectSame(ReadAll<TypeParam>(merged), samples);
  }
}

TYPED_TEST(HistogramRoundTrip, LosesExactlyWhatIsDeleted) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    const auto samples = RandomSamples<TypeParam>(seed);
    const Interval deleted{samples[samples.size() / 3].first + 1, samples[samples.size() / 2].first};
    auto expected = samples;
    std::erase_if(expected, [&](const auto& sample) { return Contains({deleted}, sample.first); });
    ExpectSame(ReadAll<TypeParam>(MergeChunks(Build(samples), {deleted})), expected);
  }
}

TYPED_TEST(HistogramRoundTrip, CutChunksGiveAFrontPartAndSayThatTheyAreDamaged) {
  for (unsigned seed = 0; seed < 3; ++seed) {
    for (const ChunkRef& chunk : Build(RandomSamples<TypeParam>(seed))) {
      for (std::size_t bytes = 0; bytes < chunk.bytes().size(); ++bytes) {
        ChunkReader reader(chunk.encoding(), chunk.bytes().substr(0, bytes));
        TimestampMs time = 0;
        TypeParam histogram;
        std::size_t count = 0;
        while (reader.ReadHistogram(&time, &histogram)) ++count;
        EXPECT_TRUE(reader.damaged());
        EXPECT_LT(count, chunk.sample_count());
      }
    }
  }
}

TYPED_TEST(HistogramRoundTrip, TakesAnyBytes) {
  std::mt19937 random(1);
  for (const ChunkRef& chunk : Build(RandomSamples<TypeParam>(3))) {
    for (int i = 0; i < 500; ++i) {
      std::string bytes(chunk.bytes());
      for (unsigned flips = 1 + random() % 8; flips > 0; --flips)
        bytes[random() % bytes.size()] ^= static_cast<char>(1U << random() % 8);
      ChunkReader reader(chunk.encoding(), bytes);
      TimestampMs time = 0;
      TypeParam histogram;
      while (reader.ReadHistogram(&time, &histogram)) EXPECT_TRUE(histogram.layout.Validate());
    }
  }
}

/// Floats and histograms of both kinds in turn, as text, so that they can stand in one list.
struct Mixed {
  ChunkBuilder builder;
  std::vector<std::string> expected;

  void Float(TimestampMs time) {
    builder.Append(time, static_cast<double>(time));
    expected.push_back("float " + std::to_string(time));
  }
  void Integers(TimestampMs time, const Histogram& histogram) {
    builder.Append(time, histogram);
    expected.push_back("histogram " + std::to_string(time) + testing::PrintToString(PlainHistogram(histogram)));
  }
  void Floats(TimestampMs time, const FloatHistogram& histogram) {
    builder.Append(time, histogram);
    expected.push_back("histogram " + std::to_string(time) + testing::PrintToString(PlainHistogram(histogram)));
  }
};

std::vector<std::string> ReadMixed(SeriesCursor& cursor, std::size_t at_once) {
  std::vector<std::string> read;
  std::vector<TimestampMs> times(at_once);
  std::vector<double> values(at_once);
  TimestampMs time = 0;
  FloatHistogram histogram;
  while (true) {
    const std::size_t got = cursor.Read(times, values);
    for (std::size_t i = 0; i < got; ++i) read.push_back("float " + std::to_string(times[i]));
    if (cursor.ReadHistogram(&time, &histogram)) {
      read.push_back("histogram " + std::to_string(time) + testing::PrintToString(PlainHistogram(histogram)));
    } else if (got == 0) {
      return read;
    }
  }
}

TEST(ChunkCursor, ReadsFloatsAndHistogramsInTurn) {
  RandomHistograms<Histogram> integers(1);
  RandomHistograms<FloatHistogram> floats(2);
  Mixed mixed;
  for (TimestampMs time = 0; time < 400; ++time) {
    switch (time / 13 % 4) {
      case 0:
      case 2:
        mixed.Float(time);
        break;
      case 1:
        mixed.Integers(time, integers.Next());
        break;
      default:
        mixed.Floats(time, floats.Next());
    }
  }
  const auto chunks = mixed.builder.Finish();
  for (const std::size_t at_once : {1, 7, 100}) {
    EXPECT_EQ(ReadMixed(*NewChunkCursor(chunks, 0, 1000), at_once), mixed.expected);
    const std::vector<std::string> part(mixed.expected.begin() + 20, mixed.expected.begin() + 301);
    EXPECT_EQ(ReadMixed(*NewChunkCursor(chunks, 20, 300), at_once), part);
    std::vector<std::string> left = mixed.expected;
    left.erase(left.begin() + 30, left.begin() + 100);
    EXPECT_EQ(ReadMixed(*NewChunkCursor(chunks, 0, 1000, {{30, 99}}), at_once), left);
  }
  for (const TimestampMs newest : {5, 17, 50, 399}) {
    const auto chunk = std::find_if(chunks.begin(), chunks.end(), [&](const ChunkRef& ref) {
      return ref.min_time() <= newest && newest <= ref.max_time();
    });
    ASSERT_NE(chunk, chunks.end());
    const auto read = ReadMixed(*NewNewestCursor(*chunk, 0, newest), 3);
    EXPECT_EQ(read, std::vector<std::string>{mixed.expected[static_cast<std::size_t>(newest)]});
  }
}

TEST(ChunkCursor, AnswersHoldWhereWholeChunksAreDeleted) {
  Mixed mixed;
  mixed.Float(1);
  mixed.Integers(2, RandomHistograms<Histogram>(1).Next());
  mixed.Float(3);
  const auto chunks = mixed.builder.Finish();
  // All that stands behind the first float is deleted but the last one: neither answer may stop the reader early.
  const auto cursor = NewChunkCursor(chunks, 0, 10, {{2, 2}});
  TimestampMs time = 0;
  double value = 0;
  FloatHistogram histogram;
  EXPECT_FALSE(cursor->ReadHistogram(&time, &histogram));
  EXPECT_EQ(cursor->Read({&time, 1}, {&value, 1}), 1u);
  EXPECT_FALSE(cursor->ReadHistogram(&time, &histogram));
  EXPECT_EQ(cursor->Read({&time, 1}, {&value, 1}), 1u);
  EXPECT_EQ(time, 3);
  EXPECT_EQ(cursor->Read({&time, 1}, {&value, 1}), 0u);
}

}  // namespace
}  // namespace tickbird::tsdb
