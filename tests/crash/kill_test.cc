// Kills the store with SIGKILL again and again while it is being written, read, compacted, shortened and deleted from,
// and holds each start against what was acknowledged. One more kill needs one more number in memory: see oracle.h.
//
// TICKBIRD_KILLS and TICKBIRD_KILL_SEED change how often and what. A failure says its seed and keeps the directory.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/base/fs.h"
#include "core/tsdb/store/store.h"
#include "tests/crash/oracle.h"

namespace tickbird::crash {
namespace {

constexpr auto kNeverExpires = std::chrono::seconds(60);
constexpr std::int64_t kSkew = 5;  // Rounds that one writer may be ahead of another: within the out-of-order window.

std::int64_t FromEnvironment(const char* name, std::int64_t otherwise) {
  const char* const text = std::getenv(name);
  return text ? std::strtoll(text, nullptr, 10) : otherwise;
}

tsdb::StoreOptions Options() {
  tsdb::StoreOptions options;
  options.retention = kRetention;
  options.retention_bytes = 0;
  options.max_block_range = 180 * kSecondMs;
  options.head.block_range = 60 * kSecondMs;
  options.head.memory_window = 10 * kSecondMs;
  options.head.out_of_order_window = 30 * kSecondMs;
  options.head.series_expiry = 60 * kSecondMs;
  options.head.max_future = kHourMs;
  options.head.wal.segment_bytes = std::size_t{64} << 10U;
  return options;
}

/// The process that will be killed.
class Victim {
 public:
  Victim(const std::string& directory, Ledger& ledger, std::uint64_t seed)
      : directory_(directory), ledger_(ledger), seed_(seed) {}

  /// Starts on what the last one left, verifies it, says so, and works until it is killed.
  void Run() {
    const Certainty before(ledger_);
    auto store = tsdb::Store::Open(fs_, Options(), directory_, Newest());
    if (!store) return Fail("the start failed: " + store.error().ToString());
    store_ = std::move(*store);
    const tsdb::StoreStats stats = store_->Stats();
    if (stats.blocks_damaged > 0 || stats.head.replay.wal.damaged_segments > 0 ||
        stats.head.replay.wbl.damaged_segments > 0 || !stats.notes.empty()) {
      return Fail("a kill left damage: " + (stats.notes.empty() ? "in the log" : stats.notes.front()));
    }
    std::int64_t samples = 0;
    if (const std::string fault = Contradiction(*store_, ledger_, before, &samples); !fault.empty()) {
      return Fail("after the start: " + fault);
    }
    ledger_.verified_samples.store(samples);
    ledger_.phase.store(Ledger::kVerified);
    std::vector<std::thread> threads;
    for (int w = 0; w < kWriters; ++w) threads.emplace_back([this, w] { Write(w); });
    threads.emplace_back([this] { Maintain(); });
    threads.emplace_back([this] { Read(); });
    threads.emplace_back([this] { Delete(); });
    for (std::thread& thread : threads) thread.join();
  }

 private:
  TimestampMs Newest() const {
    std::int64_t round = 0;
    for (const Ledger::Writer& writer : ledger_.writers) round = std::max(round, writer.started.load());
    return TimeOf(round);
  }
  std::int64_t SlowestRound() const {
    std::int64_t round = ledger_.writers[0].started.load();
    for (const Ledger::Writer& writer : ledger_.writers) round = std::min(round, writer.started.load());
    return round;
  }

  void Fail(const std::string& why) {
    // The first one tells; the others follow from it.
    if (failed_.exchange(true)) return;
    std::snprintf(ledger_.failure.data(), ledger_.failure.size(), "%s", why.c_str());
    ledger_.phase.store(Ledger::kFailed);
  }

  void Write(int number) {
    Ledger::Writer& writer = ledger_.writers[static_cast<std::size_t>(number)];
    std::vector<SeriesRef> refs(kSeriesPerWriter);
    while (!failed_) {
      const std::int64_t round = writer.started.load() + 1;
      if (round > SlowestRound() + kSkew) {
        std::this_thread::yield();
        continue;
      }
      writer.started.store(round);
      const auto appender = store_->NewAppender();
      for (int i = 0; i < kSeriesPerWriter; ++i) {
        Append(*appender, number * kSeriesPerWriter + i, round, &refs[static_cast<std::size_t>(i)]);
      }
      if (const Status status = appender->Commit(); !status) return Fail("commit: " + status.error().ToString());
      writer.acknowledged.store(round);
    }
  }

  void Append(Appender& appender, int series, std::int64_t round, SeriesRef* ref) {
    const TimestampMs t = TimeOf(round);
    auto result = IsHistogram(series) ? appender.AppendHistogram(*ref, LabelsOf(series), t, HistogramAt(series, t))
                                      : appender.Append(*ref, LabelsOf(series), t, ValueAt(series, t));
    if (result && !IsHistogram(series) && round % kLateEvery == 0 && round > kLateBy) {
      const TimestampMs late = TimeOf(round - kLateBy) + kTick / 2;
      result = appender.Append(*result, LabelsOf(series), late, ValueAt(series, late));
    }
    if (!result) return Fail("append: " + result.error().ToString());
    *ref = *result;
  }

  void Maintain() {
    std::mt19937_64 random(seed_);
    std::int64_t compactions = 0;
    while (!failed_) {
      const TimestampMs now = Newest();
      if (now > ledger_.now.load()) ledger_.now.store(now);
      store_->Maintain(now);
      const std::uint64_t dice = random() % 16;
      if (dice == 0) Expect("clean tombstones", store_->CleanTombstones(now));
      if (dice < 3) Expect("sync", store_->Sync());
      const tsdb::StoreStats stats = store_->Stats();
      ledger_.compactions.fetch_add(stats.compactions - compactions);
      compactions = stats.compactions;
      if (!stats.last_failure.empty()) Fail("maintain: " + stats.last_failure);
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 1000));
    }
  }
  void Expect(const std::string& what, const Status& status) {
    if (!status) Fail(what + ": " + status.error().ToString());
  }

  void Read() {
    while (!failed_) {
      const Certainty before(ledger_);
      std::int64_t samples = 0;
      const std::string fault = Contradiction(*store_, ledger_, before, &samples);
      if (!fault.empty()) return Fail("while running: " + fault);
      std::this_thread::sleep_for(std::chrono::milliseconds(3));
    }
  }

  /// Ten seconds of one series, long enough ago that nothing comes late any more.
  void Delete() {
    std::mt19937_64 random(seed_ + 1);
    while (!failed_) {
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 8000));
      const int number = ledger_.deletions.load();
      const TimestampMs end = TimeOf(SlowestRound() - 60 - static_cast<std::int64_t>(random() % 300));
      if (number >= kMaxDeletions || end < kBase) continue;
      Ledger::Deletion& deletion = ledger_.deletion[static_cast<std::size_t>(number)];
      deletion.series = static_cast<int>(random() % (kWriters * kSeriesPerWriter));
      deletion.interval = {.min = end - 10 * kTick, .max = end};
      ledger_.deletions.store(number + 1);
      const auto deleted =
          store_->DeleteSeries({Matcher::Equal("n", std::to_string(deletion.series))}, deletion.interval);
      if (!deleted) return Fail("delete: " + deleted.error().ToString());
      deletion.done.store(true);
    }
  }

  const std::string directory_;
  Ledger& ledger_;
  const std::uint64_t seed_;
  PosixFs fs_;
  std::unique_ptr<tsdb::Store> store_;
  std::atomic<bool> failed_ = false;
};

class KillTest : public ::testing::Test {
 protected:
  void SetUp() override {
    void* const memory =
        ::mmap(nullptr, sizeof(Ledger), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    ledger_ = static_cast<Ledger*>(memory);  // All zero, which is what its atomics start with.
    std::filesystem::remove_all(directory_);
  }
  void TearDown() override {
    ::munmap(ledger_, sizeof(Ledger));
    if (!HasFailure()) std::filesystem::remove_all(directory_);
  }

  /// Starts a victim, waits for `wait` after its start or after it verified what it found, and kills it. "" or what
  /// went wrong.
  std::string Kill(std::uint64_t seed, bool let_it_verify, std::chrono::microseconds wait) {
    ledger_->phase.store(Ledger::kStarting);
    const pid_t pid = ::fork();
    if (pid == 0) {
      Victim(directory_, *ledger_, seed).Run();
      ::_exit(ledger_->phase.load() == Ledger::kFailed ? 1 : 0);
    }
    const auto deadline = std::chrono::steady_clock::now() + kNeverExpires;
    bool hangs = false;
    while (let_it_verify && ledger_->phase.load() == Ledger::kStarting && !hangs) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
      hangs = std::chrono::steady_clock::now() > deadline;
      if (::waitpid(pid, nullptr, WNOHANG) == pid) return Failure("it ended by itself while it started");
    }
    std::this_thread::sleep_for(wait);
    ::kill(pid, SIGKILL);
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (hangs) return "it did not start within a minute";
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return Failure("");
    return Failure("it ended by itself, with status " + std::to_string(status));
  }
  /// What the victim said was wrong, or else `otherwise`.
  std::string Failure(const std::string& otherwise) const {
    return ledger_->phase.load() == Ledger::kFailed ? std::string(ledger_->failure.data()) : otherwise;
  }

  /// What was under way when it died may be there or not, from now on and sample by sample.
  void NoteInterrupted() {
    for (Ledger::Writer& writer : ledger_->writers) {
      if (writer.started == writer.acknowledged) continue;
      writer.hole[static_cast<std::size_t>(writer.holes.load())].store(writer.started);
      ++writer.holes;
      writer.acknowledged.store(writer.started);
    }
  }

  /// In memory where there is such a place: a kill loses nothing that was written, and syncs cost no time there.
  static std::string Place() { return std::filesystem::exists("/dev/shm") ? "/dev/shm/" : ::testing::TempDir(); }

  const std::string directory_ = Place() + "tickbird_kill_" + std::to_string(::getpid());
  Ledger* ledger_ = nullptr;
};

TEST_F(KillTest, NothingAcknowledgedIsLostAndNothingAppearsTwice) {
  const auto kills = std::min<std::int64_t>(FromEnvironment("TICKBIRD_KILLS", 1000), kMaxKills);
  const auto seed = static_cast<std::uint64_t>(
      FromEnvironment("TICKBIRD_KILL_SEED", std::chrono::steady_clock::now().time_since_epoch().count() % 1'000'000));
  std::printf("TICKBIRD_KILL_SEED=%llu\n", static_cast<unsigned long long>(seed));
  std::mt19937_64 random(seed);
  for (std::int64_t kill = 0; kill < kills; ++kill) {
    // Most die at work, some while they start and repair.
    const bool let_it_verify = kill + 1 == kills || random() % 4 != 0;
    // A block takes some file syncs, and disks differ: now and then there is time for several.
    const bool let_it_work = random() % 8 == 0;
    const std::chrono::microseconds wait(random() % (let_it_work ? 300'000 : 20'000));
    const std::string fault = Kill(random(), let_it_verify, wait);
    ASSERT_EQ(fault, "") << "at kill " << kill << " of seed " << seed << "; the directory is " << directory_;
    NoteInterrupted();
  }
  const std::int64_t rounds = ledger_->writers[0].acknowledged.load();
  std::printf("%lld kills, %lld rounds, %lld blocks made, %d deletions; the last start verified %lld samples\n",
              static_cast<long long>(kills), static_cast<long long>(rounds),
              static_cast<long long>(ledger_->compactions.load()), ledger_->deletions.load(),
              static_cast<long long>(ledger_->verified_samples.load()));
  EXPECT_GT(rounds, kills) << "too little was written between the kills";
  if (kills >= 100) EXPECT_GT(ledger_->compactions.load(), kills / 50) << "too few blocks were made between the kills";
}

}  // namespace
}  // namespace tickbird::crash
