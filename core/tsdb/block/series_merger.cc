#include "core/tsdb/block/series_merger.h"

#include <algorithm>
#include <utility>

#include "core/tsdb/chunk/chunk_merge.h"

namespace tickbird::tsdb {
namespace {
/// A block full of damage must not fill the memory with sentences about it.
constexpr std::size_t kMaxNotes = 100;
}  // namespace

SeriesMerger::SeriesMerger(std::vector<std::unique_ptr<ChunkSeriesSource>> sources, std::vector<std::string>* notes)
    : notes_(notes) {
  for (auto& source : sources) heads_.push_back({.source = std::move(source)});
}

Result<bool> SeriesMerger::Next(ChunkSeries* merged) {
  TICKBIRD_RETURN_IF_ERROR(Start());
  const Head* first = nullptr;
  for (const Head& head : heads_) {
    if (head.has_series && (!first || head.series.labels < first->series.labels)) first = &head;
  }
  if (!first) return false;
  merged->labels = first->series.labels;
  merged->chunks.clear();
  // In the order of the sources: the later wins.
  int sources = 0;
  for (Head& head : heads_) {
    if (!head.has_series || head.series.labels != merged->labels) continue;
    ++sources;
    merged->chunks.insert(merged->chunks.end(), head.series.chunks.begin(), head.series.chunks.end());
    TICKBIRD_RETURN_IF_ERROR(Advance(&head));
  }
  if (sources > 1) {
    bool is_damaged = false;
    merged->chunks = MergeChunks(merged->chunks, {}, &is_damaged);
    if (is_damaged) Note("series " + merged->labels.ToString() + ": a chunk ends before its last sample");
  }
  return true;
}

Status SeriesMerger::Start() {
  if (std::exchange(is_started_, true)) return {};
  for (Head& head : heads_) TICKBIRD_RETURN_IF_ERROR(Advance(&head));
  return {};
}

/// To the next series of which something can be read.
Status SeriesMerger::Advance(Head* head) {
  const Labels before = head->has_series ? head->series.labels : Labels();
  const bool had_series = head->has_series;
  while (true) {
    auto next = head->source->Next(&head->series);
    if (!next && next.error().code != ErrorCode::kCorruption) return Error{std::move(next.error())};
    if (!next) Note(next.error().message);
    head->has_series = next ? *next : true;
    if (!head->has_series) return {};
    if (!head->series.chunks.empty()) break;
  }
  if (had_series && head->series.labels <= before) {
    return Error{ErrorCode::kInternal,
                 "series " + head->series.labels.ToString() + " comes after " + before.ToString()};
  }
  return {};
}

void SeriesMerger::Note(const std::string& text) {
  if (notes_ && notes_->size() < kMaxNotes) notes_->push_back(text);
}

}  // namespace tickbird::tsdb
