#include <algorithm>
#include <set>

#include <fmt/core.h>

#include "core/tsdb/chunk/chunk_cursor.h"
#include "core/tsdb/head/head.h"

namespace tickbird::tsdb {
namespace {

// Series looked at under one hold of the lock.
constexpr std::size_t kSlice = 64;

/// Null when no sample can be in the range.
std::unique_ptr<SeriesCursor> NewestBetween(const Series& series, TimestampMs min, TimestampMs max,
                                            const std::shared_ptr<FilePins>& pins) {
  const XorAppender& open = series.open;
  if (open.newest_time() <= max && series.newest_kind == ChunkEncoding::kXor) {
    return open.newest_time() >= min ? NewSampleCursor({open.newest_time(), open.newest_value()}) : nullptr;
  }
  if (series.HasOpen() && series.open_oldest_time() <= max) return NewNewestCursor(series.OpenSnapshot(), min, max);
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
  if (series.HasOpen() && series.open.newest_time() >= min && series.open_oldest_time() <= max) {
    mixed.chunks.push_back(series.OpenSnapshot());
  }
  return mixed;
}

LockedIndex Head::Index() const {
  return {.read =
              [this](const std::function<void(const Postings&)>& use) {
                mutex_.GiveWay();
                MutexLock lock(mutex_);
                use(postings_);
              },
          .labels_of =
              [this](std::span<const Slot> slots) {
                std::vector<Labels> labels;
                labels.reserve(slots.size());
                mutex_.GiveWay();
                MutexLock lock(mutex_);
                for (std::size_t i = 0; i < slots.size(); ++i) {
                  PrefetchAhead(slots, i);
                  labels.push_back(table_.at(slots[i]).labels);
                }
                return labels;
              }};
}

Head::Found Head::Find(const std::vector<Matcher>& matchers) const {
  Found found;
  {
    MutexLock lock(mutex_);
    found.erasures = table_.erasures();
  }
  found.matchers = matchers;
  found.slots = SelectSlots(Index(), matchers);
  return found;
}

/// Calls `use` with each series found, with the lock held, in slices.
void Head::EachOf(const Found& found, const SeriesUse& use) const {
  for (std::span<const Slot> rest = found.slots; !rest.empty();) {
    const auto slice = rest.first(std::min(kSlice, rest.size()));
    rest = rest.subspan(slice.size());
    mutex_.GiveWay();
    MutexLock lock(mutex_);
    // Another series may be in a slot that was freed meanwhile.
    const bool has_changed = table_.erasures() != found.erasures;
    for (std::size_t i = 0; i < slice.size(); ++i) {
      PrefetchAhead(slice, i);
      const Series& series = table_.at(slice[i]);
      if (has_changed) {
        const auto matches = [&](const Matcher& matcher) { return matcher.Matches(series.labels); };
        if (!series.name || !std::all_of(found.matchers.begin(), found.matchers.end(), matches)) continue;
      }
      use(slice[i], series);
    }
  }
}

/// A large selection waits mostly for memory: a series, then its labels and its open chunk.
void Head::PrefetchAhead(std::span<const Slot> slots, std::size_t i) const {
  constexpr std::size_t kAhead = 8;
  if (i + 2 * kAhead < slots.size()) table_.Prefetch(slots[i + 2 * kAhead]);
  if (i + kAhead < slots.size()) table_.at(slots[i + kAhead]).Prefetch();
}

Result<std::vector<SelectedSeries>> Head::Select(const Selection& selection) const {
  const Found found = Find(selection.matchers);
  if (found.slots.size() > options_.max_selected) {
    return Error{ErrorCode::kTooLarge, fmt::format("the selection touches {} series, the limit is {}: add a matcher",
                                                   found.slots.size(), options_.max_selected)};
  }
  std::vector<SelectedSeries> selected;
  selected.reserve(found.slots.size());
  const auto pins = std::make_shared<FilePins>(chunk_files_.get());
  EachOf(found, [&](Slot slot, const Series& series) TICKBIRD_REQUIRES(mutex_) {
    if (!series.HasSamples()) return;
    const Intervals& deleted = DeletedOf(slot);
    const bool is_cut = Touches(deleted, selection.min, selection.max);
    std::unique_ptr<SeriesCursor> cursor;
    if (selection.newest_only && !is_cut) {
      cursor = NewestBetween(series, selection.min, selection.max, pins);
    } else if (auto chunks = ChunksBetween(series, selection.min, selection.max, pins.get()); !chunks.empty()) {
      cursor = NewMixedCursor(std::move(chunks), pins, selection.min, selection.max, is_cut ? deleted : Intervals());
      if (selection.newest_only) cursor = NewLastCursor(std::move(cursor));
    }
    if (cursor) selected.push_back({series.labels, std::move(cursor)});
  });
  return selected;
}

std::vector<Labels> Head::LabelsMatching(const std::vector<Matcher>& matchers) const {
  const Found found = Find(matchers);
  std::vector<Labels> labels;
  labels.reserve(found.slots.size());
  EachOf(found, [&](Slot, const Series& series) { labels.push_back(series.labels); });
  return labels;
}

std::vector<std::string> Head::LabelNames(const std::vector<Matcher>& matchers) const {
  if (matchers.empty()) return AllNames(Index());
  std::set<std::string, std::less<>> names;
  for (const Labels& labels : LabelsMatching(matchers)) {
    for (const LabelView& label : labels) {
      if (!names.contains(label.name)) names.emplace(label.name);
    }
  }
  return {names.begin(), names.end()};
}

std::vector<std::string> Head::LabelValues(std::string_view name, const std::vector<Matcher>& matchers) const {
  if (matchers.empty()) return AllValues(Index(), name);
  std::set<std::string, std::less<>> values;
  for (const Labels& labels : LabelsMatching(matchers)) {
    const std::string_view value = labels.Get(name);
    if (!value.empty() && !values.contains(value)) values.emplace(value);
  }
  return {values.begin(), values.end()};
}

std::map<std::string, MetricMetadata, std::less<>> Head::Metadata() const {
  std::map<std::string, MetricMetadata, std::less<>> copy;
  for (bool has_more = true; has_more;) {
    mutex_.GiveWay();
    MutexLock lock(mutex_);
    auto at = copy.empty() ? metadata_.begin() : metadata_.upper_bound(copy.rbegin()->first);
    for (std::size_t i = 0; i < kSlice && at != metadata_.end(); ++i, ++at) copy.emplace_hint(copy.end(), *at);
    has_more = at != metadata_.end();
  }
  return copy;
}

}  // namespace tickbird::tsdb
