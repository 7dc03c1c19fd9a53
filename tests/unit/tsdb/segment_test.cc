#include "core/tsdb/wal/segment.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "core/tsdb/wal/zstd_decoder.h"
#include "tests/testing/hex.h"

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

/// Short bytes that snappy does not make shorter stay as they are.
void AddPlain(std::string_view record, std::string* segment) {
  Add(record, segment);
  ASSERT_EQ((*segment)[0], 1);
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

// Three records as Prometheus 3.16 writes them with zstd: a small one, whose frame does not say how large it is, a
// thousand "a", and "record N," for N from 0 to 6, three hundred times.
const std::string kZstdSegment =
    "11001703a1d00528b52ffd04005500001875702001540302210d1237bb961100102272a84728b52ffd4400e802431f00612342da"
    "2e1100af5c2f3f7f28b52ffd648c090d05005213220fc08118a01b3ec3dd9999f9c459e704c2e594bb9c729753ee72ca5d4eb9cb"
    "297739e52ea7dce594bb9c729753ee72ca5d4eb9cb297739e52ea7dce594bb9c729753ee72ca5d4eb9cb297739e52ea7dce594bb"
    "9c729753ee72ca5d4eb9cb297739e52ea7dce594bb9c729753ee72ca5d4eb9cb297739e52ea7dce594bb9c72979348308c800018"
    "01812ba811e0ef01e12f110cf00700b0f2e7dfb6fcff3ffe67a000";

TEST(SegmentReader, ReadsZstd) {
  const std::string segment = FromHex(kZstdSegment);
  SegmentReader reader(segment);
  ASSERT_EQ(reader.Next(), Outcome::kRecord) << reader.problem();
  EXPECT_EQ(reader.record(), "up up up up up up up up up up up up up up");
  ASSERT_EQ(reader.Next(), Outcome::kRecord) << reader.problem();
  EXPECT_EQ(reader.record(), std::string(1000, 'a'));
  ASSERT_EQ(reader.Next(), Outcome::kRecord) << reader.problem();
  EXPECT_EQ(reader.record().size(), 2700U);
  EXPECT_TRUE(reader.record().starts_with("record 0,record 1,record 2,"));
  EXPECT_EQ(reader.Next(), Outcome::kEnd);
}

TEST(SegmentReader, TakesBrokenZstdForDamage) {
  const std::string whole = FromHex(kZstdSegment).substr(kFragmentHeaderBytes, 23);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    std::string segment;
    AddPlain(whole.substr(0, size), &segment);
    segment[0] |= 0x10;
    EXPECT_EQ(SegmentReader(segment).Next(), Outcome::kDamaged) << size;
  }
  std::string segment;
  AddPlain(whole + "x", &segment);
  segment[0] |= 0x10;
  EXPECT_EQ(SegmentReader(segment).Next(), Outcome::kDamaged);
  // Both flags.
  segment.clear();
  AddPlain(whole, &segment);
  segment[0] |= 0x18;
  EXPECT_EQ(SegmentReader(segment).Next(), Outcome::kDamaged);
}

TEST(ZstdDecoder, StopsAtItsLimit) {
  const std::string whole = FromHex(kZstdSegment).substr(2 * kFragmentHeaderBytes + 23, 16);
  ZstdDecoder decoder;
  std::string out;
  EXPECT_TRUE(decoder.Decode(whole, 1000, &out));
  EXPECT_EQ(out.size(), 1000U);
  EXPECT_FALSE(decoder.Decode(whole, 999, &out));
  EXPECT_TRUE(decoder.Decode(whole, 5000, &out));
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
