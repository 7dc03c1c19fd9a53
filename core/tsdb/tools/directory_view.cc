#include "core/tsdb/tools/directory_view.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "core/tsdb/store/merge_cursor.h"

namespace tickbird::tsdb {
namespace {

bool HasLogs(Fs& fs, const std::string& directory) {
  return fs.Exists(JoinPath(directory, "wal")) || fs.Exists(JoinPath(directory, "wbl"));
}

}  // namespace

HeadOptions UnlimitedHeadOptions() {
  HeadOptions options;
  constexpr std::int64_t kNoLimit = std::int64_t{1} << 50;
  options.max_memory_bytes = kNoLimit;
  options.max_chunk_bytes = kNoLimit;
  options.max_series = 50'000'000;
  options.max_selected = 50'000'000;
  return options;
}

Result<std::unique_ptr<DirectoryView>> DirectoryView::Open(Fs& fs, const std::string& directory, ViewOptions options,
                                                           TimestampMs now) {
  if (!fs.Exists(directory)) return Error{ErrorCode::kNotFound, fmt::format("{}: no such directory", directory)};
  TICKBIRD_ASSIGN_OR_RETURN(DirectorySurvey survey, SurveyDataDirectory(fs, directory));
  std::unique_ptr<DirectoryView> view(new DirectoryView(fs));
  view->blocks_ = std::move(survey.blocks);
  for (const SetAside& damaged : survey.damaged)
    view->notes_.push_back(fmt::format("block {} is left out: {}", damaged.ulid, damaged.why));
  if (options.with_head && HasLogs(fs, directory)) view->OpenHead(directory, now);
  return view;
}

void DirectoryView::OpenHead(const std::string& directory, TimestampMs now) {
  // A running agent may remove a segment while it is read: the second attempt sees what took its place.
  constexpr int kAttempts = 3;
  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    auto head = Head::Open(overlay_, UnlimitedHeadOptions(), directory, HeadBoundary(blocks_), now);
    if (head) {
      head_ = std::move(*head);
      return;
    }
    if (attempt == kAttempts)
      notes_.push_back(
          fmt::format("the newest samples are left out, the log cannot be read: {}", head.error().message));
  }
}

std::vector<const Queryable*> DirectoryView::Parts() const {
  std::vector<const Queryable*> parts;
  parts.reserve(blocks_.size() + 1);
  for (const auto& block : blocks_) parts.push_back(block.get());
  if (head_) parts.push_back(head_.get());
  return parts;
}

Result<std::vector<SelectedSeries>> DirectoryView::Select(const Selection& selection) const {
  std::map<Labels, std::vector<CursorPart>> found;
  for (const Queryable* const part : Parts()) {
    TICKBIRD_ASSIGN_OR_RETURN(auto selected, part->Select(selection));
    for (SelectedSeries& series : selected)
      found[std::move(series.labels)].push_back({std::move(series.cursor), selection.min, selection.max});
  }
  std::vector<SelectedSeries> merged;
  merged.reserve(found.size());
  for (auto& [labels, parts] : found) {
    auto cursor = parts.size() == 1 ? std::move(parts.front().cursor) : NewMergeCursor(std::move(parts));
    merged.push_back({labels, std::move(cursor)});
  }
  return merged;
}

std::vector<std::string> DirectoryView::LabelNames(const std::vector<Matcher>& matchers) const {
  std::set<std::string> names;
  for (const Queryable* const part : Parts()) {
    const auto some = part->LabelNames(matchers);
    names.insert(some.begin(), some.end());
  }
  return {names.begin(), names.end()};
}

std::vector<std::string> DirectoryView::LabelValues(std::string_view name, const std::vector<Matcher>& matchers) const {
  std::set<std::string> values;
  for (const Queryable* const part : Parts()) {
    const auto some = part->LabelValues(name, matchers);
    values.insert(some.begin(), some.end());
  }
  return {values.begin(), values.end()};
}

std::map<std::string, MetricMetadata, std::less<>> DirectoryView::Metadata() const {
  return head_ ? head_->Metadata() : std::map<std::string, MetricMetadata, std::less<>>();
}

}  // namespace tickbird::tsdb
