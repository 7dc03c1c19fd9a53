#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/tsdb/chunk/chunk_series.h"

namespace tickbird::tsdb {

/// Several sources as one: a series that is in more than one comes once, its chunks merged (equal times: the later
/// source wins; chunks that meet no other are handed on unread). Damage is written to `notes` and gone past. Not thread
/// safe.
class SeriesMerger {
 public:
  /// `notes` may be null.
  SeriesMerger(std::vector<std::unique_ptr<ChunkSeriesSource>> sources, std::vector<std::string>* notes);

  /// False at the end. Errors other than damage end the merge. kInternal: a source is not in order.
  Result<bool> Next(ChunkSeries* merged);

 private:
  struct Head {
    std::unique_ptr<ChunkSeriesSource> source;
    ChunkSeries series;  // the next of the source
    bool has_series = false;
  };

  Status Start();
  Status Advance(Head* head);
  void Note(const std::string& text);

  std::vector<Head> heads_;
  std::vector<std::string>* notes_;
  bool is_started_ = false;
};

}  // namespace tickbird::tsdb
