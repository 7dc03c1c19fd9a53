#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/samplers/batch.h"
#include "core/model/labels.h"

namespace tickbird::samplers {

/// What one column of a table is: a metric family, and labels that tell this series of the row from its siblings
/// (mode="idle").
struct Column {
  std::string_view name;
  MetricType type = MetricType::kUnknown;
  std::string_view help;
  LabelView label = {};
  LabelView second_label = {};
};

/// The series of one thing: of a disk, a CPU, a mount, or of the host as a whole.
class Row {
 public:
  /// Appends `value` to the series of `column` (the order of RowBuilder::Add).
  void Set(Batch& batch, std::size_t column, double value) { batch.Append(series_[column], value); }
  void Set(Batch& batch, std::size_t column, std::uint64_t value) { Set(batch, column, static_cast<double>(value)); }

 private:
  friend class RowBuilder;
  friend class SeriesTable;

  std::string key_;
  std::vector<Series> series_;
  std::uint64_t touched_ = 0;  // round
};

/// Fills a new row. Text from outside is made fit for labels: bytes that are not UTF-8 become U+FFFD.
class RowBuilder {
 public:
  RowBuilder(Batch& batch, const Labels& identity, Row& row) : batch_(batch), labels_(identity), row_(row) {}

  RowBuilder& Label(std::string_view name, std::string_view value);
  RowBuilder& Add(const Column& column);
  RowBuilder& Add(std::span<const Column> columns);

 private:
  Batch& batch_;
  LabelsBuilder labels_;
  Row& row_;
};

/// All series of one collector: rows by key, each with the same or its own columns. The labels of a series are built
/// when its row is first seen, so a sample in steady state allocates nothing.
///
/// The kernel lists things in one order, so a lookup compares with the row after the last one found and is done; a
/// change of order costs one pass. A row or column that a round did not set gets a stale marker at the end of it; a row
/// that was not touched is forgotten. At most `max_rows` rows: a thing beyond that is not recorded and counted in
/// dropped(). Things that the collector does not want are remembered as rows without series, at most as many again plus
/// kMinIgnoredRows; beyond that they are looked at anew each time. Not thread safe.
class SeriesTable {
 public:
  static constexpr std::size_t kMinIgnoredRows = 1024;

  SeriesTable(Labels identity, std::size_t max_rows) : identity_(std::move(identity)), max_rows_(max_rows) {}

  /// The row of `key`, good until the next call. A new one is filled by `make(RowBuilder&)`, which adds nothing when
  /// the thing is not wanted. nullptr: not wanted, over the limit, or the second of that key in this round.
  template <class Make>
  Row* Touch(Batch& batch, std::string_view key, Make&& make) {
    Row* row = Find(key);
    if (row == nullptr) {
      row = Insert(key);
      RowBuilder builder(batch, identity_, *row);
      make(builder);
      if (!Keep(*row)) return nullptr;
    } else if (row->touched_ == batch.round()) {
      return nullptr;
    }
    row->touched_ = batch.round();
    return row->series_.empty() ? nullptr : row;
  }

  /// The row of a table that has only one.
  Row& Only(Batch& batch, std::span<const Column> columns) {
    if (rows_.empty()) RowBuilder(batch, identity_, *Insert({})).Add(columns);
    rows_.front().touched_ = batch.round();
    return rows_.front();
  }

  /// Ends a round: marks what was not set as stale, forgets rows that were not touched, starts over at the first row.
  void EndRound(Batch& batch);

  std::size_t row_count() const { return rows_.size(); }
  std::uint64_t dropped() const { return dropped_; }

 private:
  Row* Find(std::string_view key);
  Row* Insert(std::string_view key);
  bool Keep(Row& row);

  Labels identity_;
  std::size_t max_rows_;
  std::vector<Row> rows_;
  std::size_t cursor_ = 0;
  std::size_t wanted_ = 0;  // rows with series
  std::uint64_t dropped_ = 0;
};

}  // namespace tickbird::samplers
