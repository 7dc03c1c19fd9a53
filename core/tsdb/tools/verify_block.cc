#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <utility>

#include <fmt/core.h>

#include "core/tsdb/block/block.h"
#include "core/tsdb/chunk/chunk_reader.h"
#include "core/tsdb/rollup/rollup_file.h"
#include "core/tsdb/tools/verify.h"

namespace tickbird::tsdb {
namespace {

/// Reads all samples of a chunk and folds the floats.
class ChunkCheck {
 public:
  explicit ChunkCheck(std::vector<RollupAccumulator>* accumulators) : accumulators_(*accumulators) {}

  /// What is wrong; empty: nothing.
  std::string Read(const ChunkRef& chunk) {
    ChunkReader reader(chunk);
    TimestampMs time = 0;
    FloatHistogram histogram;
    while (true) {
      if (const std::size_t got = reader.Read(timestamps_, values_); got > 0) {
        for (std::size_t i = 0; i < got; ++i) See(timestamps_[i]);
        for (RollupAccumulator& accumulator : accumulators_)
          accumulator.Add(std::span(timestamps_).first(got), std::span(values_).first(got));
      } else if (reader.ReadHistogram(&time, &histogram)) {
        See(time);
      } else {
        break;
      }
    }
    if (reader.damaged()) return "a chunk ends before its last sample";
    if (samples_ == 0) return "a chunk without samples";
    if (!rises_) return "the times of a chunk do not rise";
    if (first_ != chunk.min_time() || last_ != chunk.max_time())
      return "the times of a chunk are not those that the index says";
    return {};
  }
  std::int64_t samples() const { return samples_; }

 private:
  void See(TimestampMs time) {
    if (samples_++ == 0) {
      first_ = time;
    } else if (time <= last_) {
      rises_ = false;
    }
    last_ = time;
  }

  std::vector<RollupAccumulator>& accumulators_;
  std::array<TimestampMs, 256> timestamps_;
  std::array<double, 256> values_;
  std::int64_t samples_ = 0;
  TimestampMs first_ = 0;
  TimestampMs last_ = 0;
  bool rises_ = true;
};

bool Agree(const RollupPoint& a, const RollupPoint& b) {
  const auto same = [](double x, double y) { return x == y || (x != x && y != y); };
  // Sums are those of the same samples in the same order, so they are equal to the bit.
  return a.end == b.end && a.count == b.count && same(a.min, b.min) && same(a.max, b.max) && same(a.sum, b.sum);
}

class BlockVerifier {
 public:
  BlockVerifier(Fs& fs, const std::string& directory, Findings* findings)
      : fs_(fs), directory_(directory), findings_(*findings) {}

  void Run() {
    auto block = Block::Open(fs_, directory_);
    if (!block) return Damage(block.error().message);
    block_ = std::move(*block);
    OpenRollups();
    CheckSeries();
    CheckPostings();
    CheckStats();
  }

 private:
  void Damage(const std::string& what) {
    findings_.damages.push_back(what.starts_with(directory_) ? what : fmt::format("{}: {}", directory_, what));
  }

  void OpenRollups() {
    for (const DurationMs resolution : kRollupResolutions) {
      auto reader = RollupReader::Open(fs_, directory_, resolution);
      if (reader) {
        for (const std::string& damage : (*reader)->Verify()) Damage(damage);
        rollups_.push_back(std::move(*reader));
      } else if (reader.error().code != ErrorCode::kNotFound) {
        Damage(reader.error().message);
      }
    }
    auto found = block_->Find({});
    if (!found) return Damage(found.error().message);
    ids_ = std::move(*found);
    std::sort(ids_.begin(), ids_.end());
  }

  void CheckSeries() {
    const auto source = block_->AllSeries();
    ChunkSeries series;
    Labels previous;
    while (true) {
      const auto more = source->Next(&series);
      if (!more) {
        Damage(more.error().message);
        if (more.error().code != ErrorCode::kCorruption) return;
      }
      if (more && !*more) return;
      if (series.chunks.empty()) continue;
      if (!previous.empty() && !(previous < series.labels))
        Damage(fmt::format("index: series {} is out of order", series.labels.ToString()));
      previous = series.labels;
      CheckOneSeries(series, more.has_value());
    }
  }

  void CheckOneSeries(const ChunkSeries& series, bool is_whole) {
    ++series_;
    std::vector<RollupAccumulator> accumulators;
    for (const auto& reader : rollups_) accumulators.emplace_back(reader->resolution());
    TimestampMs newest = kNoTime;
    for (const ChunkRef& chunk : series.chunks) {
      ChunkCheck check(&accumulators);
      const std::string problem = check.Read(chunk);
      if (!problem.empty()) Damage(fmt::format("chunks: series {}: {}", series.labels.ToString(), problem));
      if (newest != kNoTime && chunk.min_time() <= newest)
        Damage(fmt::format("chunks: series {}: its chunks overlap", series.labels.ToString()));
      newest = chunk.max_time();
      is_whole = is_whole && problem.empty();
      samples_ += check.samples();
      ++chunks_;
    }
    if (is_whole && !block_->HasTombstones()) CheckRollups(series.labels, &accumulators);
  }

  void CheckRollups(const Labels& labels, std::vector<RollupAccumulator>* accumulators) {
    const auto id = std::lower_bound(ids_.begin(), ids_.end(), labels,
                                     [](const auto& entry, const Labels& wanted) { return entry.first < wanted; });
    if (id == ids_.end() || id->first != labels) return;
    for (std::size_t i = 0; i < rollups_.size(); ++i) {
      std::vector<RollupPoint> points;
      const auto read = rollups_[i]->Read(id->second, std::numeric_limits<TimestampMs>::min(),
                                          std::numeric_limits<TimestampMs>::max(), &points);
      // Damaged records were told by Verify.
      if (!read || !*read) continue;
      const std::vector<RollupPoint> expected = (*accumulators)[i].Take();
      if (!std::equal(points.begin(), points.end(), expected.begin(), expected.end(), Agree)) {
        Damage(fmt::format("{}: series {}: the points are not those of its samples",
                           RollupFileName(rollups_[i]->resolution()), labels.ToString()));
      }
    }
  }

  /// Every list that leads from a label to its series.
  void CheckPostings() {
    for (const std::string& name : block_->LabelNames({})) {
      for (const std::string& value : block_->LabelValues(name, {})) {
        const std::int64_t before = block_->damages();
        const auto found = block_->Find({Matcher::Equal(name, value)});
        if (!found) {
          Damage(fmt::format("index: the series of {}=\"{}\": {}", name, value, found.error().message));
        } else if (block_->damages() > before) {
          Damage(fmt::format("index: the list of series with {}=\"{}\" is damaged", name, value));
        }
      }
    }
  }

  void CheckStats() {
    findings_.series += series_;
    findings_.chunks += chunks_;
    findings_.samples += samples_;
    const BlockStats& stats = block_->meta().stats;
    if (block_->HasTombstones() || block_->damages() > 0) return;
    if (stats.series != series_ || stats.chunks != chunks_ || stats.samples != samples_) {
      Damage(fmt::format("meta.json says {} series, {} chunks, {} samples; the block has {}, {}, {}", stats.series,
                         stats.chunks, stats.samples, series_, chunks_, samples_));
    }
  }

  Fs& fs_;
  const std::string& directory_;
  Findings& findings_;
  std::shared_ptr<Block> block_;
  std::vector<std::unique_ptr<RollupReader>> rollups_;
  std::vector<std::pair<Labels, std::uint32_t>> ids_;  // sorted
  std::int64_t series_ = 0;
  std::int64_t chunks_ = 0;
  std::int64_t samples_ = 0;
};

}  // namespace

void VerifyBlock(Fs& fs, const std::string& block_directory, Findings* findings) {
  ++findings->blocks;
  BlockVerifier(fs, block_directory, findings).Run();
}

}  // namespace tickbird::tsdb
