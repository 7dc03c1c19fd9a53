#include "agent/samplers/series_table.h"

#include <algorithm>

#include "core/base/strings.h"

namespace tickbird::samplers {
namespace {

std::string WithoutBadUtf8(std::string_view text) {
  std::string clean;
  while (!text.empty()) {
    std::size_t length = 1;
    while (length <= 4 && length <= text.size() && !IsValidUtf8(text.substr(0, length))) ++length;
    if (length <= 4 && length <= text.size()) {
      clean += text.substr(0, length);
      text.remove_prefix(length);
    } else {
      clean += "\xEF\xBF\xBD";
      text.remove_prefix(1);
    }
  }
  return clean;
}

}  // namespace

RowBuilder& RowBuilder::Label(std::string_view name, std::string_view value) {
  if (IsValidUtf8(value)) {
    labels_.Set(name, value);
  } else {
    labels_.Set(name, WithoutBadUtf8(value));
  }
  return *this;
}

RowBuilder& RowBuilder::Add(const Column& column) {
  labels_.Set(kMetricNameLabel, column.name);
  if (!column.label.name.empty()) labels_.Set(column.label.name, column.label.value);
  if (!column.second_label.name.empty()) labels_.Set(column.second_label.name, column.second_label.value);
  row_.series_.push_back({.labels = labels_.Build()});
  if (!column.label.name.empty()) labels_.Remove(column.label.name);
  if (!column.second_label.name.empty()) labels_.Remove(column.second_label.name);
  batch_.Describe(column.name, column.type, column.help);
  return *this;
}

RowBuilder& RowBuilder::Add(std::span<const Column> columns) {
  row_.series_.reserve(row_.series_.size() + columns.size());
  for (const Column& column : columns) Add(column);
  return *this;
}

Row* SeriesTable::Find(std::string_view key) {
  if (cursor_ < rows_.size() && rows_[cursor_].key_ == key) return &rows_[cursor_++];
  const auto at = std::find_if(rows_.begin(), rows_.end(), [&](const Row& row) { return row.key_ == key; });
  if (at == rows_.end()) return nullptr;
  const auto index = static_cast<std::size_t>(at - rows_.begin());
  if (index > cursor_) {
    // Follow the new order, so that the next round finds it at once.
    std::rotate(rows_.begin() + static_cast<std::ptrdiff_t>(cursor_), at, at + 1);
    return &rows_[cursor_++];
  }
  return &rows_[index];
}

Row* SeriesTable::Insert(std::string_view key) {
  const std::size_t at = std::min(cursor_, rows_.size());
  Row row;
  row.key_ = key;
  rows_.insert(rows_.begin() + static_cast<std::ptrdiff_t>(at), std::move(row));
  cursor_ = at + 1;
  return &rows_[at];
}

bool SeriesTable::Keep(Row& row) {
  const bool is_wanted = !row.series_.empty();
  if (is_wanted && wanted_ < max_rows_) {
    ++wanted_;
    return true;
  }
  if (is_wanted) {
    ++dropped_;
  } else if (rows_.size() - wanted_ <= max_rows_ + kMinIgnoredRows) {
    return true;
  }
  --cursor_;
  rows_.erase(rows_.begin() + (&row - rows_.data()));
  return false;
}

void SeriesTable::EndRound(Batch& batch) {
  cursor_ = 0;
  bool has_gone = false;
  for (Row& row : rows_) {
    for (Series& series : row.series_) batch.EndIfNotAppended(series);
    if (row.touched_ == batch.round()) continue;
    has_gone = true;
    if (!row.series_.empty()) --wanted_;
  }
  if (has_gone) std::erase_if(rows_, [&](const Row& row) { return row.touched_ != batch.round(); });
}

}  // namespace tickbird::samplers
