#include <algorithm>
#include <set>

#include <fmt/core.h>

#include "core/tsdb/chunk/chunk_cursor.h"
#include "core/tsdb/head/head.h"

namespace tickbird::tsdb {
namespace {

/// Null when no sample can be in the range.
std::unique_ptr<SeriesCursor> NewestBetween(const Series& series, TimestampMs min, TimestampMs max,
                                            const std::shared_ptr<FilePins>& pins) {
  const XorAppender& open = series.open;
  if (open.newest_time() <= max) {
    return open.newest_time() >= min ? NewSampleCursor({open.newest_time(), open.newest_value()}) : nullptr;
  }
  if (!open.empty() && open.oldest_time() <= max) return NewNewestCursor(open.Snapshot(), min, max);
  const auto chunk = std::partition_point(series.chunks.begin(), series.chunks.end(),
                                          [&](const ChunkRef& other) { return other.min_time() <= max; });
  const auto spilled = std::partition_point(series.spilled.begin(), series.spilled.end(),
                                            [&](const SpilledChunk& other) { return other.min_time <= max; });
  const TimestampMs chunk_end = chunk == series.chunks.begin() ? kNoTime : (chunk - 1)->max_time();
  const TimestampMs spilled_end = spilled == series.spilled.begin() ? kNoTime : (spilled - 1)->max_time;
  if (std::max(chunk_end, spilled_end) < min) return nullptr;
  if (chunk_end > spilled_end) return NewNewestCursor(*(chunk - 1), min, max);
  pins->Add((spilled - 1)->file);
  return NewNewestSpilledCursor(*(spilled - 1), pins, min, max);
}

}  // namespace

MixedChunks Head::ChunksBetween(const Series& series, TimestampMs min, TimestampMs max, FilePins* pins) {
  MixedChunks mixed;
  for (auto at = FirstSpilledFrom(series.spilled, min); at != series.spilled.end() && at->min_time <= max; ++at) {
    mixed.spilled.push_back(*at);
    pins->Add(at->file);
  }
  const auto first = std::partition_point(series.chunks.begin(), series.chunks.end(),
                                          [&](const ChunkRef& chunk) { return chunk.max_time() < min; });
  const auto last =
      std::partition_point(first, series.chunks.end(), [&](const ChunkRef& chunk) { return chunk.min_time() <= max; });
  mixed.chunks.reserve(static_cast<std::size_t>(last - first) + 1);
  mixed.chunks.assign(first, last);
  if (!series.open.empty() && series.open.newest_time() >= min && series.open.oldest_time() <= max) {
    mixed.chunks.push_back(series.open.Snapshot());
  }
  return mixed;
}

std::vector<Slot> Head::Find(const std::vector<Matcher>& matchers) const {
  return postings_.Select(matchers, LabelsOf());
}

/// A large selection waits mostly for memory: a series, then its labels and its open chunk.
void Head::PrefetchAhead(const std::vector<Slot>& slots, std::size_t i) const {
  constexpr std::size_t kAhead = 8;
  if (i + 2 * kAhead < slots.size()) table_.Prefetch(slots[i + 2 * kAhead]);
  if (i + kAhead < slots.size()) table_.at(slots[i + kAhead]).Prefetch();
}

Result<std::vector<SelectedSeries>> Head::Select(const Selection& selection) const {
  std::vector<SelectedSeries> selected;
  MutexLock lock(mutex_);
  const std::vector<Slot> slots = Find(selection.matchers);
  if (slots.size() > options_.max_selected) {
    return Error{ErrorCode::kTooLarge, fmt::format("the selection touches {} series, the limit is {}: add a matcher",
                                                   slots.size(), options_.max_selected)};
  }
  selected.reserve(slots.size());
  const auto pins = std::make_shared<FilePins>(chunk_files_.get());
  for (std::size_t i = 0; i < slots.size(); ++i) {
    PrefetchAhead(slots, i);
    const Series& series = table_.at(slots[i]);
    if (!series.HasSamples()) continue;
    std::unique_ptr<SeriesCursor> cursor;
    if (selection.newest_only) {
      cursor = NewestBetween(series, selection.min, selection.max, pins);
    } else if (auto chunks = ChunksBetween(series, selection.min, selection.max, pins.get()); !chunks.empty()) {
      cursor = NewMixedCursor(std::move(chunks), pins, selection.min, selection.max);
    }
    if (cursor) selected.push_back({series.labels, std::move(cursor)});
  }
  return selected;
}

std::vector<std::string> Head::LabelNames(const std::vector<Matcher>& matchers) const {
  MutexLock lock(mutex_);
  if (matchers.empty()) return postings_.Names();
  std::set<std::string, std::less<>> names;
  for (const Slot slot : Find(matchers)) {
    for (const LabelView& label : table_.at(slot).labels) {
      if (!names.contains(label.name)) names.emplace(label.name);
    }
  }
  return {names.begin(), names.end()};
}

std::vector<std::string> Head::LabelValues(std::string_view name, const std::vector<Matcher>& matchers) const {
  MutexLock lock(mutex_);
  if (matchers.empty()) return postings_.Values(name);
  std::set<std::string, std::less<>> values;
  for (const Slot slot : Find(matchers)) {
    const std::string_view value = table_.at(slot).labels.Get(name);
    if (!value.empty() && !values.contains(value)) values.emplace(value);
  }
  return {values.begin(), values.end()};
}

std::map<std::string, MetricMetadata, std::less<>> Head::Metadata() const {
  MutexLock lock(mutex_);
  return metadata_;
}

}  // namespace tickbird::tsdb
