#include <algorithm>
#include <limits>
#include <utility>

#include "core/tsdb/rollup/rollup_select.h"
#include "core/tsdb/store/store.h"

namespace tickbird::tsdb {
namespace {

class BlockRollups final : public RollupSource {
 public:
  BlockRollups(Fs& fs, std::shared_ptr<const Block> block, DurationMs resolution) : block_(std::move(block)) {
    // What was deleted is still in the points.
    if (block_->HasTombstones()) return;
    // Missing or damaged: the raw samples have the answer.
    if (auto reader = RollupReader::Open(fs, block_->directory(), resolution)) reader_ = std::move(*reader);
  }

  Interval range() const override {
    return {block_->meta().min_time, std::max(block_->meta().min_time, block_->meta().max_time - 1)};
  }
  const Queryable& samples() const override { return *block_; }
  Result<std::vector<std::pair<Labels, std::uint32_t>>> Find(const std::vector<Matcher>& matchers) const override {
    return block_->Find(matchers);
  }
  const RollupReader* rollups() const override { return reader_.get(); }

 private:
  std::shared_ptr<const Block> block_;
  std::unique_ptr<const RollupReader> reader_;
};

/// From when on the head may have samples, as FindPlaces reads it.
TimestampMs OpenFrom(const Head& head) {
  if (head.min_valid_time() != kNoTime) return head.min_valid_time();
  return head.min_time() == kNoTime ? std::numeric_limits<TimestampMs>::max() : head.min_time();
}

}  // namespace

Result<std::vector<RollupSeries>> Store::SelectRollups(const RollupSelection& selection) const {
  // The head comes first: what leaves it meanwhile is in a block of the list, behind what counts as the head's.
  const TimestampMs open_from = OpenFrom(*head_);
  std::vector<std::unique_ptr<RollupSource>> sources;
  for (const BlockPtr& block : *ListedBlocks()) {
    if (block->meta().max_time > selection.interval.min && block->meta().min_time <= selection.interval.max)
      sources.push_back(std::make_unique<BlockRollups>(fs_, block, selection.resolution));
  }
  return tsdb::SelectRollups(*this, sources, open_from, selection);
}

}  // namespace tickbird::tsdb
