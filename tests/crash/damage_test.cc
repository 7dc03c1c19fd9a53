// Damages each file of a data directory, byte by byte, and asks the store what is left: it opens or refuses naming the
// file, returns nothing that was never written, says that something is wrong when something is missing, and serves what
// the damage did not touch.
//
// Small files are damaged at every offset, large ones at some; TICKBIRD_DAMAGE_SEED chooses which.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/tsdb/block/meta.h"
#include "core/tsdb/store/store.h"
#include "tests/testing/mem_fs.h"
#include "tests/testing/tsdb_lines.h"
#include "tests/testing/tsdb_workload.h"

namespace tickbird::crash {
namespace {

using testing::MemFs;
using testing::TsdbContent;
using Files = std::map<std::string, std::string>;

constexpr TimestampMs kFirst = std::numeric_limits<TimestampMs>::min();
constexpr TimestampMs kLast = std::numeric_limits<TimestampMs>::max();
constexpr std::size_t kEveryOffsetUpTo = 128;
constexpr std::size_t kSampledOffsets = 100;
constexpr char kDirectory[] = "data";

tsdb::StoreOptions Options() {
  tsdb::StoreOptions options;
  options.retention = 365 * 24 * kHourMs;
  options.max_block_range = 30 * kMinuteMs;
  options.head.block_range = 10 * kMinuteMs;
  options.head.memory_window = kMinuteMs;
  options.head.out_of_order_window = kMinuteMs;
  options.head.wal.segment_bytes = std::size_t{32} << 10U;
  return options;
}

testing::TsdbWorkloadOptions Workload() {
  return {.seed = 5, .series = 11, .rounds = 170, .late_by = kMinuteMs};
}

TimestampMs Now() {
  return Workload().start + Workload().rounds * Workload().step;
}

void ReadTree(MemFs& fs, const std::string& path, Files* files) {
  const auto names = fs.List(path);
  if (!names) {
    (*files)[path] = fs.Read(path).value();
    return;
  }
  for (const std::string& name : *names) ReadTree(fs, JoinPath(path, name), files);
}

std::unique_ptr<MemFs> DiskWith(const Files& files) {
  auto fs = std::make_unique<MemFs>();
  for (const auto& [path, bytes] : files) {
    EXPECT_TRUE(fs->MakeDirs(path.substr(0, path.rfind('/'))));
    auto file = fs->Create(path);
    EXPECT_TRUE(file && (*file)->Append(bytes));
  }
  return fs;
}

/// A directory with each kind of file in it, and what it holds.
struct Specimen {
  Files files;
  TsdbContent truth;
  TsdbContent written;  // With what was deleted.

  /// Null after a failure, which was reported.
  static std::unique_ptr<Specimen> Make() {
    auto specimen = std::make_unique<Specimen>();
    MemFs fs;
    auto store = tsdb::Store::Open(fs, Options(), kDirectory, Workload().start);
    EXPECT_TRUE(store) << (store ? "" : store.error().ToString());
    if (!store) return nullptr;
    testing::TsdbWorkloadHooks hooks;
    hooks.after_round = [&](int round, TimestampMs now) {
      if (round % 5 == 4) (*store)->Maintain(now);
      return Status();
    };
    hooks.remove = [&](const std::vector<Matcher>& matchers, tsdb::Interval interval) -> Status {
      specimen->written.Merge(specimen->truth);
      const auto deleted = (*store)->DeleteSeries(matchers, interval);
      return deleted ? Status() : Status(deleted.error());
    };
    const Status status = RunTsdbWorkload(Workload(), **store, hooks, &specimen->truth);
    EXPECT_TRUE(status) << (status ? "" : status.error().ToString());
    specimen->written.Merge(specimen->truth);
    EXPECT_TRUE((*store)->Close());
    store->reset();
    ReadTree(fs, kDirectory, &specimen->files);
    specimen->files.erase(std::string(kDirectory) + "/lock");
    return specimen;
  }
};

/// What a store makes of a disk.
struct Outcome {
  Status open;
  Status read;
  TsdbContent content;
  std::string named;  // All that it says about damage.

  static Outcome Of(MemFs& fs, bool work) {
    Outcome outcome;
    auto store = tsdb::Store::Open(fs, Options(), kDirectory, Now());
    if (!store) {
      outcome.open = store.error();
      return outcome;
    }
    outcome.read = outcome.content.Read(**store, kFirst, kLast);
    if (work) (*store)->Maintain(Now());
    const tsdb::StoreStats stats = (*store)->Stats();
    for (const std::string& note : stats.notes) outcome.named += note + '\n';
    for (const std::string& note : stats.head.replay.wal.notes) outcome.named += note + '\n';
    for (const std::string& note : stats.head.replay.wbl.notes) outcome.named += note + '\n';
    if (stats.damaged_reads > 0) outcome.named += "damaged reads\n";
    if (!outcome.read) outcome.named += outcome.read.error().message + '\n';
    if (const Status closed = (*store)->Close(); !closed) outcome.named += closed.error().message + '\n';
    return outcome;
  }
};

class DamageTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { specimen_ = Specimen::Make().release(); }
  static void TearDownTestSuite() { delete specimen_; }

  void SetUp() override {
    ASSERT_TRUE(specimen_);
    const char* const text = std::getenv("TICKBIRD_DAMAGE_SEED");
    seed_ = text ? std::strtoull(text, nullptr, 10)
                 : static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count() % 1'000'000);
    std::printf("TICKBIRD_DAMAGE_SEED=%llu\n", static_cast<unsigned long long>(seed_));
    random_.seed(seed_);
  }

  /// The times that a file is answerable for: those of its block, or those that are in no block.
  static tsdb::Interval Touched(const std::string& path) {
    TimestampMs end_of_blocks = kFirst;
    for (const auto& [name, bytes] : specimen_->files) {
      if (!name.ends_with("/meta.json")) continue;
      const auto meta = tsdb::ParseBlockMeta(bytes);
      EXPECT_TRUE(meta);
      const std::string block = name.substr(0, name.rfind('/') + 1);
      if (path.starts_with(block)) return {.min = meta->min_time, .max = meta->max_time - 1};
      end_of_blocks = std::max(end_of_blocks, meta->max_time);
    }
    return {.min = end_of_blocks, .max = kLast};
  }

  /// No file knows how long a log was: one that ends behind a record, or is not there, ends where it ends. And a block
  /// without tombstones has none.
  static bool MayEndEarly(const std::string& path) {
    return path.find("/wal/") != std::string::npos || path.find("/wbl/") != std::string::npos;
  }

  /// "" or what is wrong with the outcome of damage to `path`. `silent_loss` says whether some may be lost unsaid.
  static std::string Fault(const std::string& path, const Outcome& outcome, bool silent_loss = false) {
    if (!outcome.open) {
      const std::string name = path.substr(path.rfind('/') + 1);
      return outcome.open.error().message.find(name) != std::string::npos
                 ? ""
                 : "refused without naming the file: " + outcome.open.error().ToString();
    }
    for (const auto& [series, samples] : outcome.content.series()) {
      const auto known = specimen_->written.series().find(series);
      if (known == specimen_->written.series().end()) return "a series that was never written: " + series;
      for (const auto& [t, text] : samples) {
        const auto written = known->second.find(t);
        if (written == known->second.end() || written->second != text) {
          return "a sample that was never written: " + series + " at " + std::to_string(t) + ": " + text;
        }
      }
    }
    const tsdb::Interval touched = Touched(path);
    bool differs = false;
    for (const auto& [series, samples] : specimen_->truth.series()) {
      for (const auto& [t, text] : samples) {
        if (outcome.content.Has(series, t)) continue;
        if (t < touched.min || t > touched.max) return "lost, though elsewhere: " + series + " at " + std::to_string(t);
        differs = true;
      }
    }
    if (outcome.content.size() > specimen_->truth.size()) differs = true;
    if (differs && outcome.named.empty() && !silent_loss)
      return "samples are missing, or deleted ones are back, and nothing says why";
    return "";
  }

  void Try(const std::string& path, std::string damaged, const std::string& how, bool silent_loss = false) {
    Files files = specimen_->files;
    files[path] = std::move(damaged);
    const auto fs = DiskWith(files);
    const bool again = tried_++ % 16 == 0;
    const Outcome outcome = Outcome::Of(*fs, again);
    ++(outcome.open ? (outcome.named.empty() ? unnoticed_ : named_) : refused_);
    std::string fault = Fault(path, outcome, silent_loss);
    if (fault.empty() && again && outcome.open) {
      // What was repaired stays so.
      const Outcome second = Outcome::Of(*fs, false);
      if (!second.open) fault = "the second start refuses: " + second.open.error().ToString();
      if (fault.empty()) fault = Fault(path, second, true);
      if (fault.empty() && second.content.size() < outcome.content.size()) fault = "the second start has less";
    }
    if (fault.empty()) return;
    ++faults_[path];
    if (faults_[path] <= 5) ADD_FAILURE() << path << ", " << how << ", seed " << seed_ << ": " << fault;
  }

  void DamageEach(
      const std::function<void(const std::string& path, const std::string& bytes, std::size_t offset)>& one) {
    for (const auto& [path, bytes] : specimen_->files) {
      const bool every = bytes.size() <= kEveryOffsetUpTo;
      const std::size_t count = every ? bytes.size() : kSampledOffsets;
      tried_ = named_ = refused_ = unnoticed_ = 0;
      for (std::size_t i = 0; i < count; ++i) one(path, bytes, every ? i : random_() % bytes.size());
      std::printf("%-50s %7zu bytes: %5d tried, %5d named, %5d refused, %5d without effect\n", path.c_str(),
                  bytes.size(), tried_, named_, refused_, unnoticed_);
    }
  }

  inline static Specimen* specimen_ = nullptr;
  std::uint64_t seed_ = 0;
  std::mt19937_64 random_;
  int tried_ = 0;
  int named_ = 0;
  int refused_ = 0;
  int unnoticed_ = 0;
  std::map<std::string, int> faults_;
};

TEST_F(DamageTest, TheSpecimenIsWholeAndHasEachKindOfFile) {
  const auto fs = DiskWith(specimen_->files);
  const Outcome outcome = Outcome::Of(*fs, false);
  ASSERT_TRUE(outcome.open) << outcome.open.error().ToString();
  EXPECT_EQ(outcome.named, "");
  EXPECT_TRUE(outcome.content == specimen_->truth);
  for (const std::string kind : {"/index", "/chunks/000001", "/meta.json", "/tombstones", "data/wal/0",
                                 "data/wal/checkpoint.", "data/wbl/0", "data/chunks_head/0"}) {
    const bool there =
        std::ranges::any_of(specimen_->files, [&](const auto& f) { return f.first.find(kind) != std::string::npos; });
    EXPECT_TRUE(there) << "no file like " << kind;
  }
}

TEST_F(DamageTest, AFlippedByteIsNeverAWrongSample) {
  DamageEach([this](const std::string& path, const std::string& bytes, std::size_t offset) {
    std::string damaged = bytes;
    damaged[offset] = static_cast<char>(damaged[offset] ^ static_cast<char>(random_() % 255 + 1));
    Try(path, std::move(damaged), "flipped at " + std::to_string(offset));
  });
}

TEST_F(DamageTest, ACutFileIsNeverAWrongSample) {
  DamageEach([this](const std::string& path, const std::string& bytes, std::size_t offset) {
    Try(path, bytes.substr(0, offset), "cut at " + std::to_string(offset), MayEndEarly(path));
  });
}

TEST_F(DamageTest, AMissingFileIsNeverAWrongSample) {
  for (const auto& [path, bytes] : specimen_->files) {
    Files files = specimen_->files;
    files.erase(path);
    const auto fs = DiskWith(files);
    const bool silent_loss = MayEndEarly(path) || path.ends_with("/tombstones");
    EXPECT_EQ(Fault(path, Outcome::Of(*fs, true), silent_loss), "") << path;
  }
}

}  // namespace
}  // namespace tickbird::crash
