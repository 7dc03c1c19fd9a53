#include "core/tsdb/chunk/chunk_merge.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "core/tsdb/chunk/chunk_builder.h"
#include "core/tsdb/chunk/chunk_reader.h"

namespace tickbird::tsdb {
namespace {

/// The samples of one chunk, one after the other.
class Source {
 public:
  /// `rank`: at equal times the highest stays.
  Source(const ChunkRef& chunk, std::size_t rank) : encoding_(chunk.encoding()), reader_(chunk), rank_(rank) {}

  /// Steps to the next sample, false at the end.
  bool Next() {
    const TimestampMs before = time_;
    if (!Read()) return false;
    // Sound chunks only go forward.
    damaged_ = !first_ && time_ <= before;
    first_ = false;
    return !damaged_;
  }
  TimestampMs time() const { return time_; }
  std::size_t rank() const { return rank_; }
  bool damaged() const { return damaged_ || reader_.damaged(); }

  void AppendTo(ChunkBuilder* builder) const {
    switch (encoding_) {
      case ChunkEncoding::kXor:
        builder->Append(time_, values_[at_ - 1]);
        break;
      case ChunkEncoding::kHistogram:
        builder->Append(time_, histogram_);
        break;
      case ChunkEncoding::kFloatHistogram:
        builder->Append(time_, float_histogram_);
        break;
    }
  }

 private:
  bool Read() {
    switch (encoding_) {
      case ChunkEncoding::kXor:
        if (at_ == filled_) {
          filled_ = reader_.Read(timestamps_, values_);
          at_ = 0;
          if (filled_ == 0) return false;
        }
        time_ = timestamps_[at_++];
        return true;
      case ChunkEncoding::kHistogram:
        return reader_.ReadHistogram(&time_, &histogram_);
      case ChunkEncoding::kFloatHistogram:
        return reader_.ReadHistogram(&time_, &float_histogram_);
    }
    return false;
  }

  ChunkEncoding encoding_;
  ChunkReader reader_;
  std::size_t rank_;
  TimestampMs time_ = kNoTime;
  bool first_ = true;
  bool damaged_ = false;
  std::array<TimestampMs, 32> timestamps_;
  std::array<double, 32> values_;
  std::size_t filled_ = 0;
  std::size_t at_ = 0;
  Histogram histogram_;
  FloatHistogram float_histogram_;
};

/// A chunk and where it stands in the caller's span.
struct Ranked {
  const ChunkRef* chunk;
  std::size_t rank;
};

/// Decodes chunks that overlap and writes what is to stay.
class GroupMerger {
 public:
  GroupMerger(std::span<const Ranked> group, const Intervals& deleted) : deleted_(deleted) {
    sources_.reserve(group.size());
    for (const Ranked& ranked : group) {
      sources_.emplace_back(*ranked.chunk, ranked.rank);
      if (!Step(&sources_.back())) sources_.pop_back();
    }
  }

  std::vector<ChunkRef> Merge() {
    ChunkBuilder builder;
    while (!sources_.empty()) {
      const Source& next = *std::min_element(sources_.begin(), sources_.end(), [](const Source& a, const Source& b) {
        return a.time() != b.time() ? a.time() < b.time() : a.rank() > b.rank();
      });
      const TimestampMs time = next.time();
      if (!Contains(deleted_, time)) next.AppendTo(&builder);
      std::erase_if(sources_, [&](Source& source) { return source.time() == time && !Step(&source); });
    }
    return builder.Finish();
  }
  bool damaged() const { return damaged_; }

 private:
  bool Step(Source* source) {
    if (source->Next()) return true;
    damaged_ = damaged_ || source->damaged();
    return false;
  }

  const Intervals& deleted_;
  std::vector<Source> sources_;
  bool damaged_ = false;
};

}  // namespace

std::vector<ChunkRef> MergeChunks(std::span<const ChunkRef> chunks, const Intervals& deleted, bool* damaged) {
  std::vector<Ranked> order;
  order.reserve(chunks.size());
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    if (!Covers(deleted, chunks[i].min_time(), chunks[i].max_time())) order.push_back({&chunks[i], i});
  }
  std::sort(order.begin(), order.end(), [](const Ranked& a, const Ranked& b) {
    return std::pair(a.chunk->min_time(), a.rank) < std::pair(b.chunk->min_time(), b.rank);
  });
  std::vector<ChunkRef> merged;
  for (std::span<const Ranked> rest = order; !rest.empty();) {
    const TimestampMs min = rest.front().chunk->min_time();
    TimestampMs max = rest.front().chunk->max_time();
    std::size_t size = 1;
    for (; size < rest.size() && rest[size].chunk->min_time() <= max; ++size) {
      max = std::max(max, rest[size].chunk->max_time());
    }
    if (size == 1 && !Touches(deleted, min, max)) {
      merged.push_back(*rest.front().chunk);
    } else {
      GroupMerger merger(rest.first(size), deleted);
      for (ChunkRef& chunk : merger.Merge()) merged.push_back(std::move(chunk));
      if (damaged && merger.damaged()) *damaged = true;
    }
    rest = rest.subspan(size);
  }
  return merged;
}

}  // namespace tickbird::tsdb
