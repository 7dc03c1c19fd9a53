// Every byte of a small block flipped, every file cut off at every length: a clean error, or what is left of the truth,
// with the damage told.
#include "tests/unit/tsdb_block/block_testing.h"

namespace tickbird::tsdb {
namespace {

using testing::MemFs;

/// Whether `part` holds nothing that `whole` has not.
bool IsSubset(const Data& part, const Data& whole) {
  return std::all_of(part.begin(), part.end(), [&](const auto& entry) {
    const auto found = whole.find(entry.first);
    if (found == whole.end()) return false;
    return std::all_of(entry.second.begin(), entry.second.end(), [&](const Sample& sample) {
      return std::find(found->second.begin(), found->second.end(), sample) != found->second.end();
    });
  });
}

class BlockDamageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(Write(fs_, data_, {.segment_bytes = 900}));
    const auto block = OpenBlock(fs_);
    ASSERT_TRUE(block);
    ASSERT_TRUE(block->Delete({Matcher::Equal("n", "5")}, {kFrom, kUntil}));
    data_.erase(data_.find(Labels{{"__name__", "down"}, {"n", "5"}, {"mod", "5"}}));
    for (const char* name : {"index", "meta.json", "tombstones", "chunks/000001", "chunks/000002"}) {
      files_.push_back(JoinPath(BlockPath(), name));
      ASSERT_TRUE(fs_.Exists(files_.back())) << name;
    }
  }

  /// The selections between them use every kind of list.
  std::vector<Selection> Selections() const {
    Selection newest = Everything();
    newest.newest_only = true;
    const auto with = [](const Matcher& matcher) {
      Selection selection = Everything();
      selection.matchers = {matcher};
      return selection;
    };
    return {Everything(),
            newest,
            with(Matcher::Equal("__name__", "up")),
            with(Match(Matcher::Type::kNotEqual, "mod", "3")),
            with(Match(Matcher::Type::kRegex, "mod", "[0-3]")),
            with(Match(Matcher::Type::kNotRegex, "n", "1|2|5.*"))};
  }

  /// Opens and reads what was damaged. Returns whether it opened.
  bool Probe(const std::string& what) {
    const auto block = Block::Open(fs_, BlockPath());
    if (!block) {
      const ErrorCode code = block.error().code;
      EXPECT_TRUE(code == ErrorCode::kCorruption || code == ErrorCode::kUnsupported)
          << what << block.error().ToString();
      return false;
    }
    for (const Selection& selection : Selections()) {
      const Data truth = Truth(selection);
      const std::int64_t damages = (*block)->damages();
      auto selected = (*block)->Select(selection);
      if (!selected) {
        EXPECT_EQ(selected.error().code, ErrorCode::kCorruption) << what;
        continue;
      }
      int damaged = 0;
      const Data part = Read(**block, selection, &damaged);
      if (selection.newest_only) {
        // Where the newest cannot be read, an older one may stand for it.
        EXPECT_TRUE(IsSubset(part, data_)) << what;
      } else {
        EXPECT_TRUE(IsSubset(part, truth)) << what;
      }
      EXPECT_TRUE(part == truth || (*block)->damages() > damages) << what;
    }
    ReadSource(**block, what);
    for (const std::string& name : (*block)->LabelNames({})) (*block)->LabelValues(name, {});
    (*block)->LabelNames({Matcher::Equal("__name__", "up")});
    return true;
  }

  Data Truth(const Selection& selection) const {
    Data truth;
    for (const auto& [labels, samples] : data_) {
      if (!selection.matchers.empty() && !selection.matchers.front().Matches(labels)) continue;
      truth[labels] = selection.newest_only ? std::vector<Sample>{samples.back()} : samples;
    }
    return truth;
  }

  /// As compaction reads it: what is left out is told.
  void ReadSource(const Block& block, const std::string& what) const {
    const auto source = block.AllSeries();
    Data part;
    bool told = false;
    while (true) {
      ChunkSeries series;
      const auto more = source->Next(&series);
      if (!more) {
        told = true;
        EXPECT_TRUE(more.error().code == ErrorCode::kCorruption || more.error().code == ErrorCode::kUnavailable)
            << what;
        if (more.error().code == ErrorCode::kUnavailable) break;
      } else if (!*more) {
        break;
      }
      if (!series.chunks.empty()) part[series.labels] = Samples(series.chunks);
    }
    EXPECT_TRUE(IsSubset(part, data_)) << what;
    EXPECT_TRUE(part == data_ || told) << what;
  }

  MemFs fs_;
  Data data_ = MakeData(6, 125);
  std::vector<std::string> files_;
};

TEST_F(BlockDamageTest, NothingIsWrongAfterAFlippedByte) {
  for (const std::string& file : files_) {
    const std::string bytes = *fs_.Read(file);
    std::size_t opened = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      std::string flipped = bytes;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << (i % 8)));
      fs_.Overwrite(file, flipped);
      if (Probe(file + " flipped at " + std::to_string(i) + ": ")) ++opened;
      if (HasFailure()) return;
    }
    fs_.Overwrite(file, bytes);
    EXPECT_LT(opened, bytes.size()) << file;
  }
}

TEST_F(BlockDamageTest, NothingIsWrongAfterACut) {
  for (const std::string& file : files_) {
    const std::string bytes = *fs_.Read(file);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      fs_.Overwrite(file, bytes.substr(0, i));
      Probe(file + " cut at " + std::to_string(i) + ": ");
      if (HasFailure()) return;
    }
    fs_.Overwrite(file, bytes);
  }
}

TEST_F(BlockDamageTest, NothingIsWrongWhenFilesChangeWhileTheyAreOpen) {
  const auto open = OpenBlock(fs_);
  ASSERT_TRUE(open);
  for (const std::string& file : files_) {
    const std::string bytes = *fs_.Read(file);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      std::string flipped = bytes;
      flipped[i] = static_cast<char>(flipped[i] ^ 0x10);
      fs_.Overwrite(file, flipped);
      open->DropCaches();
      if (const auto selected = open->Select(Everything()); selected) {
        EXPECT_TRUE(IsSubset(Read(*open, Everything()), data_)) << file << " at " << i;
      }
    }
    fs_.Overwrite(file, bytes);
  }
}

TEST_F(BlockDamageTest, SaysWhichFileIsMissing) {
  for (const std::string& file : files_) {
    if (file.ends_with("tombstones") || file.ends_with("000002")) continue;
    const std::string bytes = *fs_.Read(file);
    ASSERT_TRUE(fs_.Remove(file));
    const auto block = Block::Open(fs_, BlockPath());
    ASSERT_FALSE(block) << file;
    EXPECT_TRUE(block.error().code == ErrorCode::kNotFound || block.error().code == ErrorCode::kCorruption);
    auto created = fs_.Create(file);
    ASSERT_TRUE(created && (*created)->Append(bytes));
  }
}

TEST_F(BlockDamageTest, RefusesAnIndexOfVersionOne) {
  const std::string index = JoinPath(BlockPath(), "index");
  std::string bytes = *fs_.Read(index);
  bytes[4] = 1;
  fs_.Overwrite(index, bytes);
  const auto block = Block::Open(fs_, BlockPath());
  ASSERT_FALSE(block);
  EXPECT_EQ(block.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(block.error().message, ::testing::HasSubstr("version 1"));
}

}  // namespace
}  // namespace tickbird::tsdb
