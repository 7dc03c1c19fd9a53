#include <algorithm>
#include <set>

#include <fmt/core.h>

#include "core/tsdb/chunk/chunk_cursor.h"
#include "core/tsdb/head/head.h"

namespace tickbird::tsdb {
namespace {

bool Overlaps(const ChunkRef& chunk, TimestampMs min, TimestampMs max) {
  return chunk.max_time() >= min && chunk.min_time() <= max;
}

/// Null when no sample can be in the range.
std::unique_ptr<SeriesCursor> NewestBetween(const Series& series, TimestampMs min, TimestampMs max) {
  const XorAppender& open = series.open;
  if (open.newest_time() <= max) {
    return open.newest_time() >= min ? NewSampleCursor({open.newest_time(), open.newest_value()}) : nullptr;
  }
  if (!open.empty() && open.oldest_time() <= max) return NewNewestCursor(open.Snapshot(), min, max);
  const auto after = std::partition_point(series.chunks.begin(), series.chunks.end(),
                                          [&](const ChunkRef& chunk) { return chunk.min_time() <= max; });
  if (after == series.chunks.begin() || !Overlaps(*(after - 1), min, max)) return nullptr;
  return NewNewestCursor(*(after - 1), min, max);
}

}  // namespace

std::vector<ChunkRef> Head::ChunksBetween(const Series& series, TimestampMs min, TimestampMs max) {
  std::vector<ChunkRef> chunks;
  const auto first = std::partition_point(series.chunks.begin(), series.chunks.end(),
                                          [&](const ChunkRef& chunk) { return chunk.max_time() < min; });
  const auto last =
      std::partition_point(first, series.chunks.end(), [&](const ChunkRef& chunk) { return chunk.min_time() <= max; });
  chunks.reserve(static_cast<std::size_t>(last - first) + 1);
  chunks.assign(first, last);
  if (!series.open.empty() && series.open.newest_time() >= min && series.open.oldest_time() <= max) {
    chunks.push_back(series.open.Snapshot());
  }
  return chunks;
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
  for (std::size_t i = 0; i < slots.size(); ++i) {
    PrefetchAhead(slots, i);
    const Series& series = table_.at(slots[i]);
    if (!series.HasSamples()) continue;
    std::unique_ptr<SeriesCursor> cursor;
    if (selection.newest_only) {
      cursor = NewestBetween(series, selection.min, selection.max);
    } else if (auto chunks = ChunksBetween(series, selection.min, selection.max); !chunks.empty()) {
      cursor = NewChunkCursor(std::move(chunks), selection.min, selection.max);
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
