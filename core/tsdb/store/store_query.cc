#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <utility>

#include <fmt/core.h>

#include "core/tsdb/store/data_directory.h"
#include "core/tsdb/store/merge_cursor.h"
#include "core/tsdb/store/store.h"

namespace tickbird::tsdb {
namespace {

struct LabelsHash {
  std::size_t operator()(const Labels& labels) const { return labels.Hash(); }
};

/// Of two blocks with the same times, the one whose youngest source is younger counts.
std::string_view YoungestSource(const BlockMeta& meta) {
  const auto youngest = std::max_element(meta.sources.begin(), meta.sources.end());
  return youngest == meta.sources.end() ? meta.ulid : *youngest;
}

/// The series of several places by their labels.
class SeriesMerger {
 public:
  void Add(SelectedSeries series, TimestampMs min, TimestampMs max) {
    const auto [known, is_new] = by_labels_.try_emplace(series.labels, merged_.size());
    if (is_new) merged_.push_back({std::move(series.labels), {}});
    merged_[known->second].parts.push_back({std::move(series.cursor), min, max});
  }

  std::size_t size() const { return merged_.size(); }

  std::vector<SelectedSeries> Finish(bool newest_only) {
    std::vector<SelectedSeries> series;
    series.reserve(merged_.size());
    for (Merged& one : merged_) {
      auto cursor = one.parts.size() == 1 ? std::move(one.parts.front().cursor)
                    : newest_only         ? NewNewestOfCursor(std::move(one.parts))
                                          : NewMergeCursor(std::move(one.parts));
      series.push_back({std::move(one.labels), std::move(cursor)});
    }
    return series;
  }

 private:
  struct Merged {
    Labels labels;
    std::vector<CursorPart> parts;
  };
  std::unordered_map<Labels, std::size_t, LabelsHash> by_labels_;
  std::vector<Merged> merged_;
};

/// What the head has and what `of_block` says of each block; all lists are sorted.
template <class Blocks, class OfBlock>
std::vector<std::string> Union(std::vector<std::string> in_head, const Blocks& blocks, OfBlock of_block) {
  for (const auto& block : blocks) {
    const std::vector<std::string> more = of_block(block);
    std::vector<std::string> both;
    both.reserve(std::max(in_head.size(), more.size()));
    std::set_union(in_head.begin(), in_head.end(), more.begin(), more.end(), std::back_inserter(both));
    in_head = std::move(both);
  }
  return in_head;
}

}  // namespace

/// What one place has of a selection.
struct Store::Place {
  TimestampMs min;
  TimestampMs max;
  std::vector<SelectedSeries> series;
};

/// The places that a selection concerns; where two have the same time, the later one counts.
///
/// The head comes first and the list of blocks after it: what leaves the head in between is in that list by then. And
/// what a block holds from `boundary` on is not read: the head had it, so that nothing comes twice.
Result<std::vector<Store::Place>> Store::FindPlaces(const Selection& selection) const {
  Place head;
  TimestampMs boundary = 0;
  do {
    boundary = head_->min_valid_time();
    head = {std::max(selection.min, boundary), selection.max, {}};
    if (head.min > head.max) break;
    Selection from_head = selection;
    from_head.min = head.min;
    TICKBIRD_ASSIGN_OR_RETURN(head.series, head_->Select(from_head));
  } while (head_->min_valid_time() != boundary);

  BlockList blocks;
  for (const BlockPtr& block : *ListedBlocks()) {
    const BlockMeta& meta = block->meta();
    if (meta.min_time > selection.max || meta.max_time <= selection.min) continue;
    if (CameLate(meta) || meta.min_time < boundary) blocks.push_back(block);
  }
  std::sort(blocks.begin(), blocks.end(),
            [](const BlockPtr& a, const BlockPtr& b) { return YoungestSource(a->meta()) < YoungestSource(b->meta()); });
  std::vector<Place> places;
  for (const BlockPtr& block : blocks) {
    const BlockMeta& meta = block->meta();
    const TimestampMs end = CameLate(meta) ? meta.max_time : std::min(meta.max_time, boundary);
    Selection from_block = selection;
    from_block.min = std::max(selection.min, meta.min_time);
    from_block.max = std::min(selection.max, end - 1);
    if (from_block.min > from_block.max) continue;
    TICKBIRD_ASSIGN_OR_RETURN(auto series, block->Select(from_block));
    places.push_back({from_block.min, from_block.max, std::move(series)});
  }
  places.push_back(std::move(head));
  std::erase_if(places, [](const Place& place) { return place.series.empty(); });
  return places;
}

Result<std::vector<SelectedSeries>> Store::Select(const Selection& selection) const {
  TICKBIRD_ASSIGN_OR_RETURN(std::vector<Place> places, FindPlaces(selection));
  if (places.empty()) return std::vector<SelectedSeries>();
  if (places.size() == 1) return std::move(places.front().series);
  SeriesMerger merger;
  for (Place& place : places) {
    for (SelectedSeries& series : place.series) merger.Add(std::move(series), place.min, place.max);
    if (merger.size() > options_.head.max_selected) {
      return Error{ErrorCode::kTooLarge,
                   fmt::format("the selection touches more than {} series: add a matcher, or select a shorter time",
                               options_.head.max_selected)};
    }
  }
  return merger.Finish(selection.newest_only);
}

std::vector<std::string> Store::LabelNames(const std::vector<Matcher>& matchers) const {
  return Union(head_->LabelNames(matchers), *ListedBlocks(),
               [&](const BlockPtr& block) { return block->LabelNames(matchers); });
}

std::vector<std::string> Store::LabelValues(std::string_view name, const std::vector<Matcher>& matchers) const {
  return Union(head_->LabelValues(name, matchers), *ListedBlocks(),
               [&](const BlockPtr& block) { return block->LabelValues(name, matchers); });
}

std::map<std::string, MetricMetadata, std::less<>> Store::Metadata() const {
  return head_->Metadata();
}

}  // namespace tickbird::tsdb
