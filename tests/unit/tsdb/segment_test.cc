#include "core/tsdb/wal/segment.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace tickbird::tsdb {
namespace {

using Outcome = SegmentReader::Outcome;

std::string RandomBytes(std::mt19937_64& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

void Add(std::string_view record, std::string* segment) {
  SegmentFramer framer;
  framer.Prepare(record);
  framer.Frame(segment->size(), segment);
}

TEST(SegmentFramer, WritesHeaderOfTypeLengthAndChecksum) {
  std::string segment;
  Add("123456789", &segment);
  EXPECT_EQ(segment, std::string("\x01\x00\x09\xe3\x06\x92\x83", 7) + "123456789");
}

TEST(SegmentFramer, CompressesWhatGetsSmaller) {
  std::string segment;
  Add(std::string(1000, 'a'), &segment);
  EXPECT_LT(segment.size(), 100U);
  EXPECT_EQ(segment[0], 0x09);
}

TEST(SegmentReader, ReadsBackRecordsOfAllSizesAcrossPages) {
  std::mt19937_64 random(1);
  std::vector<std::string> records;
  std::string segment;
  for (const std::size_t size : {0UL, 1UL, 32754UL, 7UL, 32761UL, 32768UL, 100000UL, 3UL, 65522UL, 20UL}) {
    records.push_back(RandomBytes(random, size));
    Add(records.back(), &segment);
    records.push_back(std::string(size * 3, 'z'));
    Add(records.back(), &segment);
  }
  SegmentReader reader(segment);
  for (const std::string& record : records) {
    ASSERT_EQ(reader.Next(), Outcome::kRecord) << reader.problem();
    EXPECT_EQ(reader.record(), record);
  }
  EXPECT_EQ(reader.good_bytes(), segment.size());
  EXPECT_EQ(reader.Next(), Outcome::kEnd);
}

TEST(SegmentReader, PaddedEndIsTheEnd) {
  std::string segment;
  Add("x", &segment);
  const std::size_t good = segment.size();
  SegmentFramer::PadPage(segment.size(), &segment);
  EXPECT_EQ(segment.size(), kPageBytes);
  SegmentReader reader(segment);
  EXPECT_EQ(reader.Next(), Outcome::kRecord);
  EXPECT_EQ(reader.Next(), Outcome::kEnd);
  EXPECT_EQ(reader.good_bytes(), good);
}

TEST(SegmentReader, EveryCutIsATornWriteAndTheRestIsGood) {
  std::mt19937_64 random(2);
  std::string segment;
  std::vector<std::size_t> ends = {0};
  for (const std::size_t size : {50UL, 40000UL, 3UL}) {
    Add(RandomBytes(random, size), &segment);
    ends.push_back(segment.size());
  }
  for (std::size_t size = 0; size < segment.size(); size += size > 100 && size < 39000 ? 501 : 1) {
    SegmentReader reader(std::string_view(segment).substr(0, size));
    Outcome outcome = Outcome::kRecord;
    while (outcome == Outcome::kRecord) outcome = reader.Next();
    const std::size_t good = *(std::upper_bound(ends.begin(), ends.end(), size) - 1);
    EXPECT_EQ(reader.good_bytes(), good);
    EXPECT_EQ(outcome, size == good ? Outcome::kEnd : Outcome::kTorn) << size << ": " << reader.problem();
  }
}

TEST(SegmentReader, EveryFlippedByteBeforeTheLastRecordIsDamage) {
  std::mt19937_64 random(3);
  std::string segment;
  Add(RandomBytes(random, 60), &segment);
  const std::size_t first = segment.size();
  Add(RandomBytes(random, 60), &segment);
  const std::size_t second = segment.size();
  Add(RandomBytes(random, 60), &segment);
  for (std::size_t at = first; at < second; ++at) {
    std::string damaged = segment;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x21);
    SegmentReader reader(damaged);
    ASSERT_EQ(reader.Next(), Outcome::kRecord);
    const Outcome outcome = reader.Next();
    // A length that grew may point past the end: then it looks like a cut.
    EXPECT_TRUE(outcome == Outcome::kDamaged || (outcome == Outcome::kTorn && at - first <= 2)) << at - first;
    EXPECT_EQ(reader.good_bytes(), first);
  }
}

TEST(SegmentReader, ZstdIsNamedAsUnsupported) {
  std::string segment;
  Add("123456789", &segment);
  segment[0] = 0x11;
  SegmentReader reader(segment);
  EXPECT_EQ(reader.Next(), Outcome::kUnsupported);
  EXPECT_NE(reader.problem().find("zstd"), std::string::npos);
}

TEST(SegmentReader, TakesAnyBytes) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = RandomBytes(random, random() % 300);
    if (!bytes.empty()) bytes[0] = static_cast<char>(random() % 16);
    SegmentReader reader(bytes);
    while (reader.Next() == Outcome::kRecord) {
    }
    EXPECT_LE(reader.good_bytes(), bytes.size());
  }
}

TEST(SegmentFramer, FitsKeepsRecordsInsideTheSegment) {
  std::mt19937_64 random(5);
  const std::size_t segment_bytes = 3 * kPageBytes;
  for (std::size_t offset = 1; offset < segment_bytes; offset += 1 + random() % 700) {
    for (const std::size_t size : {1UL, 1000UL, 30000UL, 40000UL, 70000UL}) {
      SegmentFramer framer;
      const std::string record = RandomBytes(random, size);
      framer.Prepare(record);
      std::string out;
      framer.Frame(offset, &out);
      EXPECT_EQ(SegmentFramer::Fits(size, offset, segment_bytes), offset + out.size() <= segment_bytes)
          << offset << " " << size;
    }
  }
  EXPECT_TRUE(SegmentFramer::Fits(10 * segment_bytes, 0, segment_bytes));
}

}  // namespace
}  // namespace tickbird::tsdb
