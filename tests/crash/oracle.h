#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "core/model/histogram.h"
#include "core/model/labels.h"
#include "core/model/queryable.h"
#include "core/tsdb/chunk/chunk_series.h"

/// What a store must hold after any number of kills, without having stored it: each value follows from its series and
/// its time, so that what must be kept are counters.
namespace tickbird::crash {

inline constexpr int kWriters = 3;
inline constexpr int kSeriesPerWriter = 15;
inline constexpr int kMaxKills = 20'000;
inline constexpr int kMaxDeletions = 20'000;
inline constexpr TimestampMs kBase = 1'700'000'000'000;
inline constexpr DurationMs kTick = kSecondMs;  ///< Virtual time between two rounds.
inline constexpr DurationMs kRetention = 600 * kSecondMs;
/// Every so many rounds a batch brings a late sample too, from so many rounds ago and half a tick later.
inline constexpr std::int64_t kLateEvery = 4;
inline constexpr std::int64_t kLateBy = 10;

inline TimestampMs TimeOf(std::int64_t round) {
  return kBase + round * kTick;
}

/// What survives the process: lies in memory that parent and children share. Only atomics, valid when zero.
struct Ledger {
  enum Phase : int { kStarting, kVerified, kFailed };

  struct Writer {
    std::atomic<std::int64_t> started;  ///< The newest round that was begun; rounds count from 1.
    std::atomic<std::int64_t> acknowledged;
    /// Rounds that a kill interrupted: each of their samples may be there or not.
    std::atomic<int> holes;
    std::array<std::atomic<std::int64_t>, kMaxKills> hole;
  };
  struct Deletion {
    std::atomic<bool> done;
    int series;  ///< This and the interval are written before the deletion is counted and begun.
    tsdb::Interval interval;
  };

  std::atomic<int> phase;
  std::atomic<TimestampMs> now;  ///< The newest time that Maintain was called with.
  std::array<Writer, kWriters> writers;
  std::atomic<int> deletions;
  std::array<Deletion, kMaxDeletions> deletion;
  std::atomic<std::int64_t> verified_samples;
  std::atomic<std::int64_t> compactions;  ///< Of all children, blocks from the head and from blocks.
  std::array<char, 4096> failure;
};

/// What was certain when a look at the store began; what became possible until it ended is read from the ledger again.
struct Certainty {
  explicit Certainty(const Ledger& ledger);
  std::array<std::int64_t, kWriters> acknowledged = {};
  int deletions = 0;
  std::vector<bool> deleted;
};

Labels LabelsOf(int series);
/// One in three series holds native histograms, the others floats; histograms never come late.
bool IsHistogram(int series);
double ValueAt(int series, TimestampMs t);
Histogram HistogramAt(int series, TimestampMs t);

/// Reads everything and holds it against the ledger: every acknowledged sample that is neither deleted nor older than
/// the retention is there with its value; each once, in order; nothing that was never written, nothing that was
/// deleted. The first contradiction in words, or "".
std::string Contradiction(const Queryable& store, const Ledger& ledger, const Certainty& before, std::int64_t* samples);

}  // namespace tickbird::crash
