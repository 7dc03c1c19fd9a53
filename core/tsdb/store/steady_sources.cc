#include "core/tsdb/store/steady_sources.h"

#include <unordered_set>
#include <utility>
#include <vector>

namespace tickbird::tsdb {
namespace {

struct LabelsHash {
  std::size_t operator()(const Labels& labels) const { return labels.Hash(); }
};
using KnownLabels = std::unordered_set<Labels, LabelsHash>;

class RecordingSource final : public ChunkSeriesSource {
 public:
  RecordingSource(std::unique_ptr<ChunkSeriesSource> source, std::shared_ptr<KnownLabels> known)
      : source_(std::move(source)), known_(std::move(known)) {}

  Result<bool> Next(ChunkSeries* series) override {
    auto more = source_->Next(series);
    if (!more || *more) known_->insert(series->labels);
    return more;
  }

 private:
  std::unique_ptr<ChunkSeriesSource> source_;
  std::shared_ptr<KnownLabels> known_;
};

class FilteringSource final : public ChunkSeriesSource {
 public:
  FilteringSource(std::unique_ptr<ChunkSeriesSource> source, std::shared_ptr<const KnownLabels> known)
      : source_(std::move(source)), known_(std::move(known)) {}

  Result<bool> Next(ChunkSeries* series) override {
    while (true) {
      auto more = source_->Next(series);
      if (!more || !*more || known_->contains(series->labels)) return more;
    }
  }

 private:
  std::unique_ptr<ChunkSeriesSource> source_;
  std::shared_ptr<const KnownLabels> known_;
};

}  // namespace

OpenSources SteadySources(std::function<std::unique_ptr<ChunkSeriesSource>()> open) {
  return [open = std::move(open), known = std::make_shared<KnownLabels>(),
          is_first = std::make_shared<bool>(true)]() -> Result<std::vector<std::unique_ptr<ChunkSeriesSource>>> {
    std::vector<std::unique_ptr<ChunkSeriesSource>> one;
    if (std::exchange(*is_first, false)) {
      one.push_back(std::make_unique<RecordingSource>(open(), known));
    } else {
      one.push_back(std::make_unique<FilteringSource>(open(), known));
    }
    return one;
  };
}

}  // namespace tickbird::tsdb
