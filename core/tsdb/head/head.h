#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/mutex.h"
#include "core/base/result.h"
#include "core/model/appender.h"
#include "core/model/commit_notice.h"
#include "core/model/queryable.h"
#include "core/tsdb/chunk/chunk_series.h"
#include "core/tsdb/head/exemplar_ring.h"
#include "core/tsdb/head/exemplar_series.h"
#include "core/tsdb/head/fwd.h"
#include "core/tsdb/head/head_chunk_files.h"
#include "core/tsdb/head/late_samples.h"
#include "core/tsdb/head/open_histograms.h"
#include "core/tsdb/head/postings.h"
#include "core/tsdb/head/select_slots.h"
#include "core/tsdb/head/series_table.h"
#include "core/tsdb/head/spilled_cursor.h"
#include "core/tsdb/wal/record.h"
#include "core/tsdb/wal/wal.h"

namespace tickbird::tsdb {

struct HeadOptions {
  /// Chunks cross no multiple of this, counted from time 0, and neither do the blocks that are made of them. At
  /// least 1.
  DurationMs block_range = 30 * kMinuteMs;
  /// How far behind the newest sample of the head a sample may be older than the newest of its series; 0: not at all.
  DurationMs out_of_order_window = 30 * kSecondMs;
  /// Finished chunks younger than this stay in memory; older ones go to disk.
  DurationMs memory_window = 10 * kMinuteMs;
  /// Of the head in all. Near it finished chunks go to disk whatever their age, or without a disk the oldest go; at it
  /// new series are refused and existing ones go on.
  std::int64_t max_memory_bytes = std::int64_t{192} << 20;
  /// Of encoded samples; above it the oldest finished chunks go first. Open chunks (about 1 KiB a series at most) stay.
  std::int64_t max_chunk_bytes = std::int64_t{64} << 20;
  std::size_t max_series = 100'000;  ///< At the limit new series are refused and existing ones go on. Also of metadata.
  std::size_t max_selected = 1'000'000;    ///< Series that one Select may return.
  DurationMs max_future = 10 * kMinuteMs;  ///< Samples further than this after `now` are refused.
  /// How long a series without samples in memory is remembered, so that its reference stays good.
  DurationMs series_expiry = 10 * kMinuteMs;
  std::size_t max_exemplars = 10'000;  ///< Of all series; above it the oldest goes. 0: none are kept.
  WalOptions wal;                      ///< Also of the log of what came out of order.
};

enum class RefusedReason {
  kOutOfOrder,      ///< Older than the newest of its series, and outside of the out-of-order window.
  kDuplicate,       ///< Another value for a time that has one.
  kTooFarInFuture,  ///< See HeadOptions::max_future.
  kTooOld,          ///< In blocks already, or too far behind the newest sample of the head.
  kSeriesLimit,
  kNoName,
  kInvalidHistogram,
  kMemoryLimit,  ///< Of a new series, at HeadOptions::max_memory_bytes.
};
inline constexpr std::size_t kRefusedReasons = 8;
/// "out_of_order", "duplicate", "too_far_in_future", "too_old", "series_limit", "no_name", "invalid_histogram",
/// "memory_limit".
std::string_view RefusedReasonName(RefusedReason reason);

/// The marker of an ended series of that kind of histogram.
HistogramValue StaleHistogram(ChunkEncoding kind);

/// What the start found in the log.
struct HeadReplay {
  WalReplay wal;
  WalReplay wbl;  ///< The log of what came out of order.
  std::int64_t series = 0;
  std::int64_t samples = 0;
  std::int64_t old_samples = 0;       ///< Older than min_valid_time.
  std::int64_t unknown_samples = 0;   ///< Of series whose record was lost with a damaged segment.
  std::int64_t repeated_samples = 0;  ///< There already, or not newer than what was there.
  std::int64_t exemplars = 0;
  std::int64_t deletions_dropped = 0;  ///< Above the limit of deletions that are remembered.
  std::int64_t refused_series = 0;     ///< Above max_series, or with a reference that another series has.
  HeadChunkFacts head_chunks;          ///< Of the files of finished chunks.
  std::int64_t chunks_dropped = 0;     ///< Of them: replaced by later ones, of unknown series, or not readable.
};

/// Who sends samples, as Appender::SetSource says. After a restart a series is its first sender's.
struct SourceStats {
  std::string name;  ///< "unknown" before SetSource; "other" for all past the first kMaxSources.
  std::int64_t series = 0;
  std::int64_t series_refused = 0;  ///< Samples of new series at the series limit.
};
inline constexpr std::size_t kMaxSources = 64;

/// Counters since Open, and sizes now. Bytes are estimates of heap memory, without the allocator's overhead.
struct HeadStats {
  std::int64_t series = 0;
  std::int64_t chunks = 0;          ///< Finished ones in memory.
  std::int64_t spilled_chunks = 0;  ///< Finished ones on disk.
  std::int64_t chunk_bytes = 0;     ///< Finished and open, in memory.
  std::int64_t label_bytes = 0;
  std::int64_t index_bytes = 0;   ///< Postings and series table.
  std::int64_t memory_bytes = 0;  ///< All of it: labels, table, postings, chunks, what is known of those on disk.
  std::int64_t metadata = 0;
  TimestampMs min_time = 0;  ///< As Head::min_time; 0 with none.
  TimestampMs max_time = 0;  ///< Newest ever committed; 0 before the first.

  std::int64_t samples_appended = 0;
  std::int64_t histograms_appended = 0;   ///< Of them, native histograms.
  std::int64_t samples_out_of_order = 0;  ///< Of them, those that were older than the newest of their series.
  std::array<std::int64_t, kRefusedReasons> samples_refused = {};  ///< By RefusedReason.
  std::int64_t series_created = 0;
  std::int64_t series_expired = 0;
  std::int64_t chunks_spilled = 0;  ///< Moved to disk.
  std::int64_t chunks_evicted = 0;  ///< For max_chunk_bytes or max_memory_bytes, when the disk did not take them.
  std::int64_t metadata_refused = 0;
  std::int64_t exemplars = 0;  ///< Held.
  std::int64_t exemplar_bytes = 0;
  std::int64_t exemplars_appended = 0;
  std::int64_t exemplars_refused = 0;
  std::int64_t deletions = 0;  ///< Intervals of series that are hidden.
  std::vector<SourceStats> sources;

  std::int64_t wal_failures = 0;      ///< Failed writes.
  std::int64_t wal_samples_lost = 0;  ///< In memory, but not logged by those.
  std::int64_t sync_failures = 0;
  std::int64_t truncate_failures = 0;
  WalStats wal;
  HeadChunkStats head_chunks;
  WalStats wbl;
  HeadReplay replay;
};

/// The part of the store that is in memory: series with their compressed samples, an index over their labels, and a
/// write-ahead log that brings them back after a crash.
///
/// Thread safe. One mutex guards the series; it is held for a batch at Commit, for some ten microseconds at a time
/// elsewhere, and never during disk I/O or decoding. Queries copy references to finished chunks and the bytes of the
/// open one. Time comes from the caller: `now` is what Open or the last Maintain was given, so a clock that jumps ahead
/// wants a Maintain before the next samples.
class Head final : public Appendable, public Queryable {
 public:
  /// Replays `directory`/chunks_head and the logs in `directory`/wal and `directory`/wbl; empty: memory only. The
  /// caller holds the lock of the directory. What is older than `min_valid_time` is in blocks: not taken, and left out
  /// of the replay. `fs` must outlive the head. kUnsupported for a log that we do not read, or why a file could not be
  /// read. A torn or damaged log is no error: see HeadStats::replay.
  static Result<std::unique_ptr<Head>> Open(Fs& fs, const HeadOptions& options, const std::string& directory,
                                            TimestampMs min_valid_time, TimestampMs now);
  /// Does not sync: call Close first. Batches must be committed or gone.
  ~Head() override;

  std::unique_ptr<Appender> NewAppender() override;

  Result<std::vector<SelectedSeries>> Select(const Selection& selection) const override;
  std::vector<std::string> LabelNames(const std::vector<Matcher>& matchers) const override;
  std::vector<std::string> LabelValues(std::string_view name, const std::vector<Matcher>& matchers) const override;
  std::map<std::string, MetricMetadata, std::less<>> Metadata() const override;

  /// Called after each commit with samples, on the committing thread, with no lock held. An empty one turns it off.
  void SetCommitListener(CommitListener listener);

  /// Moves finished chunks to disk, forgets series without samples, shortens the logs. To be called every 10 to 60 s on
  /// a thread that may block; takes the lock in short slices.
  void Maintain(TimestampMs now);
  /// Everything older than `time` is in blocks: it is not taken any more, and chunks that end before it are dropped.
  /// The logs follow at the next Maintain. A time that is not later than min_valid_time() changes nothing.
  void DropBefore(TimestampMs time);
  /// Of the samples held, at most a chunk early after DropBefore; kNoTime when there never was one.
  TimestampMs min_time() const;
  TimestampMs max_time() const;
  TimestampMs min_valid_time() const;
  /// No sample older than this will be taken any more, also of batches that are open: what SeriesIn gives before that
  /// time is final. Never goes back.
  TimestampMs oldest_taken() const;

  /// What goes into a block: the samples with min <= t < end of all series, in the order of their labels. Holds what it
  /// reads.
  std::unique_ptr<ChunkSeriesSource> SeriesIn(TimestampMs min, TimestampMs end);
  /// Hides the samples of matching series in the interval, and logs that; returns how many series it concerns. Newer
  /// samples are not hidden, also in the interval; those that come out of order are. kTooLarge: too many deletions are
  /// remembered already, nothing was changed. Others: it will not survive a restart, because the log cannot be written.
  Result<std::int64_t> Delete(const std::vector<Matcher>& matchers, Interval interval);
  /// The exemplars with min <= t <= max of the series that match any of the selectors, by series.
  std::vector<ExemplarSeries> Exemplars(const std::vector<std::vector<Matcher>>& any_of, TimestampMs min,
                                        TimestampMs max) const;
  /// Returns when all commits that returned before the call survive a power cut. On a thread that may block.
  Status Sync();
  /// Syncs, and from then on commits report kUnavailable.
  Status Close();

  HeadStats Stats() const;

 private:
  friend class HeadAppender;

  struct BatchSample {
    Slot slot;
    TimestampMs timestamp;
    double value;
  };
  struct BatchHistogram {
    Slot slot;
    TimestampMs timestamp;
    HistogramValue histogram;
    std::size_t position;  // how many of Batch::samples came before it
  };
  struct BatchExemplar {
    Slot slot;
    Exemplar exemplar;
  };
  /// What an appender has collected.
  struct Batch {
    std::uint32_t id = 0;
    std::uint8_t source = 0;
    std::vector<BatchSample> samples;
    std::vector<LateSample> late;
    std::vector<BatchHistogram> histograms;
    std::vector<BatchExemplar> exemplars;
    std::vector<Slot> new_slots;  // may hold a slot twice
    std::vector<std::pair<std::string, MetricMetadata>> metadata;

    /// Whether no series waits for what is in it.
    bool empty() const { return samples.empty() && late.empty() && histograms.empty() && exemplars.empty(); }
    void Clear();
  };
  /// What is on its way to the log.
  struct LogBatch {
    RecordWriter records;
    std::vector<SeriesRef> series;      // whose series records are in it
    std::vector<std::string> families;  // whose metadata is in it
    std::int64_t samples = 0;
    TimestampMs newest = kNoTime;
    RecordWriter late_records;  // for the other log
    std::int64_t late_samples = 0;
    TimestampMs late_newest = kNoTime;

    bool empty() const { return records.empty() && late_records.empty(); }
    void Clear();
  };
  /// What a selection found. The slots may hold other series when there were erasures since.
  struct Found {
    std::vector<Slot> slots;
    std::vector<Matcher> matchers;
    std::uint64_t erasures = 0;
  };
  using SeriesUse = std::function<void(Slot, const Series&)>;
  class SeriesSource;
  /// A series of SeriesIn whose turn has not come.
  struct SeriesEntry {
    Labels labels;
    SeriesRef ref = 0;
  };
  /// A finished chunk that is to go to disk.
  struct SpillItem {
    Slot slot;
    SeriesRef ref;
    ChunkRef chunk;
  };
  /// What a commit changed, for the listener.
  struct Changes {
    bool wants_names = false;
    TimestampMs newest = kNoTime;
    std::vector<Labels> names;  // hold the names when the lock is gone
    const std::string* last_name = nullptr;

    void Add(const Series& series, TimestampMs timestamp);
  };
  struct LatePlace {
    enum class Kind { kFinished, kOpen, kNew, kNone };
    Kind kind = Kind::kNone;
    std::size_t at = 0;    // in Series::chunks; where to insert when the chunk is new
    TimestampMs last = 0;  // samples up to this one belong there too
  };
  struct LateCounts {
    std::int64_t duplicates = 0;
    std::int64_t misplaced = 0;  // their place cannot be changed
  };
  struct Newest {
    TimestampMs timestamp;
    double value;
    ChunkEncoding kind;
  };
  struct CheckpointState {
    Slot next_slot = 0;
    bool is_metadata_begun = false;
    std::string family;  // the last one written
  };
  /// In Series::batch_index: the sample is one of Batch::histograms.
  static constexpr std::uint32_t kHistogramIndex = std::uint32_t{1} << 31;

  Head(Fs& fs, const HeadOptions& options) : fs_(fs), options_(options), exemplars_(options_.max_exemplars) {}

  // head.cc
  Status ReplayLogs();
  Status ReplayLog(Wal* wal, bool is_late, WalReplay* facts) TICKBIRD_EXCLUDES(mutex_);
  Result<TimestampMs> ReplayRecord(const DecodedRecord& record, bool is_late) TICKBIRD_EXCLUDES(mutex_);
  Result<TimestampMs> ReplayDecoded(const DecodedRecord& record, bool is_late, bool* is_over_limit)
      TICKBIRD_EXCLUDES(mutex_);
  Status ReplaySeries(const DecodedRecord::SeriesEntry& entry) TICKBIRD_REQUIRES(mutex_);
  void ReplaySamples(std::span<const DecodedRecord::SampleEntry> entries) TICKBIRD_REQUIRES(mutex_);
  void ReplaySample(Slot slot, TimestampMs timestamp, double value) TICKBIRD_REQUIRES(mutex_);
  bool IsReplayed(Slot slot, TimestampMs timestamp, double value, ChunkEncoding kind) TICKBIRD_REQUIRES(mutex_);
  void NoteReplayedRef(SeriesRef ref) TICKBIRD_REQUIRES(mutex_) {
    last_ref_ = std::max(last_ref_, std::min(ref, kMaxReplayedRef));
  }
  void ReplayMetadata(const DecodedRecord::MetadataEntry& entry) TICKBIRD_REQUIRES(mutex_);
  Slot ReplaySlot(SeriesRef ref) const TICKBIRD_REQUIRES(mutex_);
  std::uint8_t SourceNumber(std::string_view name) TICKBIRD_EXCLUDES(mutex_);

  // head_append.cc
  std::uint32_t NextBatchId() TICKBIRD_EXCLUDES(mutex_);
  Result<SeriesRef> AppendTo(Batch* batch, SeriesRef ref, const Labels& labels, TimestampMs timestamp, double value)
      TICKBIRD_EXCLUDES(mutex_);
  TimestampMs OldestTaken() const TICKBIRD_REQUIRES(mutex_);
  Newest NewestWith(const Series& series, const Batch& batch) const TICKBIRD_REQUIRES(mutex_);
  Result<Slot> Admit(const Batch& batch, SeriesRef ref, const Labels& labels, TimestampMs timestamp)
      TICKBIRD_REQUIRES(mutex_);
  Result<Slot> FindOrCreate(const Batch& batch, SeriesRef ref, const Labels& labels, TimestampMs timestamp)
      TICKBIRD_REQUIRES(mutex_);
  void Claim(Series* series, std::uint8_t source) TICKBIRD_REQUIRES(mutex_);
  Error Refuse(RefusedReason reason, const Labels& labels, TimestampMs timestamp) TICKBIRD_REQUIRES(mutex_);
  void AddMetadata(Batch* batch, std::string_view family, const MetricMetadata& metadata) TICKBIRD_EXCLUDES(mutex_);
  Status Commit(Batch* batch) TICKBIRD_EXCLUDES(mutex_, log_mutex_);
  void Rollback(Batch* batch) TICKBIRD_EXCLUDES(mutex_);
  void PrefetchAhead(const std::vector<BatchSample>& samples, std::size_t i) const TICKBIRD_REQUIRES(mutex_);
  bool IsInOneRange(TimestampMs oldest, TimestampMs newest) TICKBIRD_REQUIRES(mutex_);
  bool CommitSample(const BatchSample& sample, Batch* batch, TimestampMs from) TICKBIRD_REQUIRES(mutex_);
  void CommitSamples(Batch* batch, TimestampMs from, Changes* changes) TICKBIRD_REQUIRES(mutex_);
  void CommitSeries(const std::vector<Slot>& slots) TICKBIRD_REQUIRES(mutex_);
  void CommitMetadata(Batch* batch) TICKBIRD_REQUIRES(mutex_);
  void Store(Series* series, TimestampMs timestamp, double value) TICKBIRD_REQUIRES(mutex_);
  void FinishChunk(Series* series) TICKBIRD_REQUIRES(mutex_);
  bool LogFamily(const std::string& family, const MetricMetadata& metadata) TICKBIRD_REQUIRES(mutex_);
  Slot FamilySeries(std::string_view family) const TICKBIRD_REQUIRES(mutex_);
  Status WriteRecords(const RecordWriter& repeated) TICKBIRD_REQUIRES(log_mutex_) TICKBIRD_EXCLUDES(mutex_);
  Status WriteLog() TICKBIRD_EXCLUDES(mutex_, log_mutex_);
  void CountLogFailure() TICKBIRD_REQUIRES(log_mutex_) TICKBIRD_EXCLUDES(mutex_);
  void TakeLogBatch(RecordWriter* repeated) TICKBIRD_REQUIRES(mutex_, log_mutex_);

  // head_histogram.cc
  Result<SeriesRef> AppendHistogramTo(Batch* batch, SeriesRef ref, const Labels& labels, TimestampMs timestamp,
                                      HistogramValue histogram) TICKBIRD_EXCLUDES(mutex_);
  Result<SeriesRef> AddHistogram(Batch* batch, Slot slot, TimestampMs timestamp, HistogramValue histogram)
      TICKBIRD_REQUIRES(mutex_);
  bool IsNewest(const Series& series, const Batch& batch, TimestampMs timestamp, const HistogramValue& histogram) const
      TICKBIRD_REQUIRES(mutex_);
  bool CommitHistogram(const BatchHistogram& sample, Batch* batch, TimestampMs from) TICKBIRD_REQUIRES(mutex_);
  void LogHistogram(SeriesRef ref, TimestampMs timestamp, const Histogram& histogram) TICKBIRD_REQUIRES(mutex_);
  void LogHistogram(SeriesRef ref, TimestampMs timestamp, const FloatHistogram& histogram) TICKBIRD_REQUIRES(mutex_);
  void CountLogged(TimestampMs timestamp) TICKBIRD_REQUIRES(mutex_);
  template <class AnyHistogram>
  void StoreHistogram(Series* series, TimestampMs timestamp, const AnyHistogram& histogram) TICKBIRD_REQUIRES(mutex_);
  void FinishHistograms(Series* series) TICKBIRD_REQUIRES(mutex_);
  void FinishOpen(Series* series) TICKBIRD_REQUIRES(mutex_);
  template <class AnyHistogram>
  void ReplayHistogram(Slot slot, TimestampMs timestamp, const AnyHistogram& histogram) TICKBIRD_REQUIRES(mutex_);
  void ReplayStale(Series* series, TimestampMs timestamp) TICKBIRD_REQUIRES(mutex_);
  TimestampMs ReplayHistograms(const DecodedRecord& record) TICKBIRD_REQUIRES(mutex_);

  // head_exemplar.cc
  Status AppendExemplarTo(Batch* batch, SeriesRef ref, const Labels& labels, const Exemplar& exemplar)
      TICKBIRD_EXCLUDES(mutex_);
  Status RefuseExemplar(ErrorCode code, const Labels& labels, std::string_view why) TICKBIRD_REQUIRES(mutex_);
  void CommitExemplars(Batch* batch) TICKBIRD_REQUIRES(mutex_);
  TimestampMs ReplayExemplars(std::span<const DecodedRecord::ExemplarEntry> entries) TICKBIRD_REQUIRES(mutex_);

  // head_delete.cc
  const Intervals& DeletedOf(Slot slot) const TICKBIRD_REQUIRES(mutex_);
  static std::optional<Interval> HeldPart(const Series& series, Interval interval);
  void Hide(Slot slot, Interval interval) TICKBIRD_REQUIRES(mutex_);
  void ForgetDeleted(Slot slot) TICKBIRD_REQUIRES(mutex_);
  void ForgetDeletedBefore(TimestampMs time) TICKBIRD_REQUIRES(mutex_);
  TimestampMs ReplayDeletions(std::span<const DecodedRecord::TombstoneEntry> entries) TICKBIRD_REQUIRES(mutex_);
  void WriteDeletions(RecordWriter* records) const TICKBIRD_REQUIRES(mutex_);

  // head_late.cc
  TimestampMs LateFrom() const TICKBIRD_REQUIRES(mutex_);
  void CountRefused(RefusedReason reason, std::int64_t count) TICKBIRD_REQUIRES(mutex_);
  void NoteStart(TimestampMs start) TICKBIRD_REQUIRES(mutex_);
  void ReplaceChunks(Series* series, std::size_t at, std::size_t count, std::vector<ChunkRef> chunks)
      TICKBIRD_REQUIRES(mutex_);
  void ReopenWith(Series* series, std::span<const Sample> samples) TICKBIRD_REQUIRES(mutex_);
  LatePlace FindLatePlace(const Series& series, TimestampMs time) const TICKBIRD_REQUIRES(mutex_);
  std::vector<Sample> InsertLate(Series* series, std::span<const Sample> samples, LateCounts* counts)
      TICKBIRD_REQUIRES(mutex_);
  bool CommitLateSeries(Slot slot, std::span<const Sample> samples, TimestampMs from) TICKBIRD_REQUIRES(mutex_);
  bool CommitLateSlice(std::span<const LateSample>* late, std::size_t limit, TimestampMs from, Changes* changes)
      TICKBIRD_REQUIRES(mutex_);
  void CommitOldestLate(Batch* batch, TimestampMs from, Changes* changes) TICKBIRD_REQUIRES(mutex_);
  bool CommitLate(Batch* batch, TimestampMs from, Changes* changes) TICKBIRD_EXCLUDES(mutex_);
  void ReplayLate(std::span<const DecodedRecord::SampleEntry> entries) TICKBIRD_REQUIRES(mutex_);
  void ReplayLateSeries(Slot slot, std::span<const Sample> samples) TICKBIRD_REQUIRES(mutex_);

  // head_maintain.cc
  void DropOldSeries() TICKBIRD_REQUIRES(maintain_mutex_) TICKBIRD_EXCLUDES(mutex_);
  Slot MaintainSlice(Slot begin, TimestampMs keep_from, TimestampMs* oldest) TICKBIRD_EXCLUDES(mutex_);
  void Expire(Slot slot) TICKBIRD_REQUIRES(mutex_);
  void DropOldChunks(Series* series, TimestampMs keep_from) TICKBIRD_REQUIRES(mutex_);
  std::size_t DropChunks(Series* series, std::size_t count) TICKBIRD_REQUIRES(mutex_);
  void ForgetMetadata() TICKBIRD_EXCLUDES(mutex_);
  Status ShortenLogs(TimestampMs keep_from, TimestampMs truncate_before) TICKBIRD_REQUIRES(maintain_mutex_)
      TICKBIRD_EXCLUDES(mutex_);
  bool FillCheckpoint(CheckpointState* state, RecordWriter* records) TICKBIRD_EXCLUDES(mutex_);

  // head_spill.cc
  std::int64_t MemoryBytes() const TICKBIRD_REQUIRES(mutex_);
  std::int64_t ChunkLimit() const TICKBIRD_REQUIRES(mutex_);
  TimestampMs SpillableUntil() const TICKBIRD_REQUIRES(mutex_);
  bool CollectSpill(Slot begin, TimestampMs before, std::vector<SpillItem>* items) const TICKBIRD_EXCLUDES(mutex_);
  void SwapSpilled(const SpillItem& item, const SpilledChunk& place) TICKBIRD_REQUIRES(mutex_);
  bool WriteSpill(std::vector<SpillItem>* items) TICKBIRD_REQUIRES(relief_mutex_) TICKBIRD_EXCLUDES(mutex_);
  bool Spill(TimestampMs before) TICKBIRD_REQUIRES(relief_mutex_) TICKBIRD_EXCLUDES(mutex_);
  void SpillOldChunks() TICKBIRD_EXCLUDES(relief_mutex_, mutex_);
  bool IsOverLimit() const TICKBIRD_REQUIRES(mutex_);
  void RelieveMemory() TICKBIRD_EXCLUDES(relief_mutex_, mutex_);
  bool EvictOldest(std::int64_t target) TICKBIRD_REQUIRES(relief_mutex_) TICKBIRD_EXCLUDES(mutex_);
  bool OldestChunkEnd(Slot begin, TimestampMs* oldest) const TICKBIRD_EXCLUDES(mutex_);
  bool EvictSlice(Slot begin, TimestampMs until) TICKBIRD_EXCLUDES(mutex_);
  Status OpenChunkFiles(const std::string& directory) TICKBIRD_EXCLUDES(mutex_);
  void AttachSpilled(Slot slot, SeriesRef ref) TICKBIRD_REQUIRES(mutex_);
  bool IsSpilled(Series* series, TimestampMs timestamp, double value) TICKBIRD_REQUIRES(mutex_);
  void Unspill(Series* series, std::span<const Sample> samples) TICKBIRD_REQUIRES(mutex_);
  void FinishAttaching() TICKBIRD_EXCLUDES(mutex_);

  // head_series.cc
  bool CollectSeries(Slot begin, TimestampMs min, TimestampMs end, std::vector<SeriesEntry>* entries) const
      TICKBIRD_EXCLUDES(mutex_);
  Status ChunksOf(SeriesRef ref, TimestampMs min, TimestampMs max, std::vector<ChunkRef>* chunks,
                  Intervals* deleted) const TICKBIRD_EXCLUDES(mutex_);

  // head_query.cc
  static MixedChunks ChunksBetween(const Series& series, TimestampMs min, TimestampMs max, FilePins* pins);
  LockedIndex Index() const;
  void PrefetchAhead(std::span<const Slot> slots, std::size_t i) const TICKBIRD_REQUIRES(mutex_);
  Found Find(const std::vector<Matcher>& matchers) const TICKBIRD_EXCLUDES(mutex_);
  void EachOf(const Found& found, const SeriesUse& use) const TICKBIRD_EXCLUDES(mutex_);
  std::vector<Labels> LabelsMatching(const std::vector<Matcher>& matchers) const TICKBIRD_EXCLUDES(mutex_);

  /// Far above any count of series, far enough below the end that counting on cannot overflow.
  static constexpr SeriesRef kMaxReplayedRef = SeriesRef{1} << 56;

  Fs& fs_;
  const HeadOptions options_;
  std::unique_ptr<Wal> wal_;  // all three, or none
  std::unique_ptr<Wal> wbl_;
  std::unique_ptr<HeadChunkFiles> chunk_files_;

  /// Held by Maintain alone.
  Mutex maintain_mutex_;
  /// Held while chunks leave memory.
  Mutex relief_mutex_ TICKBIRD_ACQUIRED_AFTER(maintain_mutex_);
  /// Held while a batch is written to the log, so that batches get there in the order of their commits.
  Mutex log_mutex_;
  LogBatch writing_ TICKBIRD_GUARDED_BY(log_mutex_);
  std::vector<SeriesRef> lost_series_ TICKBIRD_GUARDED_BY(log_mutex_);  // their records did not make it into the log
  std::set<std::string> lost_families_ TICKBIRD_GUARDED_BY(log_mutex_);
  Status log_status_ TICKBIRD_GUARDED_BY(log_mutex_);
  bool closed_ TICKBIRD_GUARDED_BY(log_mutex_) = false;

  mutable Mutex mutex_ TICKBIRD_ACQUIRED_AFTER(log_mutex_, relief_mutex_);
  SeriesTable table_ TICKBIRD_GUARDED_BY(mutex_);
  Postings postings_ TICKBIRD_GUARDED_BY(mutex_);
  std::map<std::string, MetricMetadata, std::less<>> metadata_ TICKBIRD_GUARDED_BY(mutex_);
  std::set<std::string> unlogged_families_ TICKBIRD_GUARDED_BY(mutex_);  // no series of theirs existed yet
  LogBatch pending_ TICKBIRD_GUARDED_BY(mutex_);
  std::shared_ptr<const CommitListener> listener_ TICKBIRD_GUARDED_BY(mutex_);
  std::unordered_map<SeriesRef, Slot> replay_aliases_ TICKBIRD_GUARDED_BY(mutex_);       // empty after the replay
  std::unordered_map<SeriesRef, SpilledList> found_chunks_ TICKBIRD_GUARDED_BY(mutex_);  // empty after the replay
  ExemplarRing exemplars_ TICKBIRD_GUARDED_BY(mutex_);
  std::unordered_map<Slot, Intervals> deleted_ TICKBIRD_GUARDED_BY(mutex_);
  std::size_t deletions_ TICKBIRD_GUARDED_BY(mutex_) = 0;  // intervals in it
  TimestampMs now_ TICKBIRD_GUARDED_BY(mutex_) = 0;
  TimestampMs min_valid_time_ TICKBIRD_GUARDED_BY(mutex_) = kNoTime;
  TimestampMs min_time_ TICKBIRD_GUARDED_BY(mutex_) = kNoTime;
  TimestampMs min_chunk_start_ TICKBIRD_GUARDED_BY(mutex_) = kNoTime;  // of the chunks begun since that was reset
  TimestampMs max_time_ TICKBIRD_GUARDED_BY(mutex_) = kNoTime;
  Interval range_ TICKBIRD_GUARDED_BY(mutex_) = {1, 0};  // the block range that was asked for last
  TimestampMs evicted_until_ TICKBIRD_GUARDED_BY(mutex_) = kNoTime;
  std::vector<SourceStats> sources_ TICKBIRD_GUARDED_BY(mutex_) = {{.name = "unknown"}};
  SeriesRef last_ref_ TICKBIRD_GUARDED_BY(mutex_) = 0;
  std::uint32_t last_batch_ TICKBIRD_GUARDED_BY(mutex_) = 0;
  HeadStats stats_ TICKBIRD_GUARDED_BY(mutex_);
};

}  // namespace tickbird::tsdb
