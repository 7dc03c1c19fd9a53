#include "core/tsdb/block/block.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "core/tsdb/block/block_cursor.h"
#include "core/tsdb/block/block_files.h"
#include "core/tsdb/block/block_source.h"
#include "core/tsdb/block/series_selector.h"
#include "core/tsdb/block/tombstones.h"

namespace tickbird::tsdb {
namespace {

constexpr std::int64_t kMaxSmallFileBytes = std::int64_t{64} << 20;

Result<Tombstones> ReadTombstones(Fs& fs, const std::string& directory, std::int64_t* size) {
  auto bytes = fs.Read(JoinPath(directory, kTombstonesName), kMaxSmallFileBytes);
  if (!bytes && bytes.error().code == ErrorCode::kNotFound) return Tombstones();
  if (!bytes) return bytes.error();
  *size = static_cast<std::int64_t>(bytes->size());
  return ParseTombstones(*bytes);
}

/// A map's node and the list it holds.
std::int64_t TombstoneBytes(const Tombstones& tombstones) {
  return static_cast<std::int64_t>(tombstones.size() * 96) +
         CountTombstones(tombstones) * static_cast<std::int64_t>(sizeof(Interval));
}

}  // namespace

struct Block::State {
  explicit State(Fs& disk) : fs(disk) {}

  Fs& fs;
  std::shared_ptr<const BlockFiles> files;
  std::int64_t bytes = 0;
  /// Held by Delete from reading the tombstones to replacing them; taken before `mutex`.
  Mutex delete_mutex;
  mutable Mutex mutex;
  std::shared_ptr<const Tombstones> tombstones TICKBIRD_GUARDED_BY(mutex);

  std::shared_ptr<const Tombstones> GetTombstones() const {
    MutexLock lock(mutex);
    return tombstones;
  }
  void SetTombstones(Tombstones replacement) {
    auto shared = std::make_shared<const Tombstones>(std::move(replacement));
    MutexLock lock(mutex);
    tombstones = std::move(shared);
  }

  /// Reads the series that match one after the other. `visit` gets number, labels and chunks (only when asked for).
  /// What is damaged is counted and left out, or, with `strict`, an error.
  template <class Visit>
  Status ForEach(const std::vector<Matcher>& matchers, bool with_chunks, bool strict, const Visit& visit) const {
    TICKBIRD_ASSIGN_OR_RETURN(const auto candidates,
                              SelectSeries(*files->index, matchers, [&] { files->CountDamage(); }));
    IndexReader::SeriesReader reader(*files->index);
    Labels labels;
    std::vector<ChunkMeta> chunks;
    for (const std::uint32_t id : candidates.ids) {
      if (Status read = reader.Read(id, &labels, with_chunks ? &chunks : nullptr); !read) {
        if (read.error().code != ErrorCode::kCorruption) return read;
        files->CountDamage();
        if (strict) return read;
        continue;
      }
      if (candidates.Matches(labels)) visit(id, labels, chunks);
    }
    return {};
  }
};

Block::Block() = default;
Block::~Block() = default;

Result<std::shared_ptr<Block>> Block::Open(Fs& fs, std::string directory) {
  std::shared_ptr<Block> block(new Block());
  block->directory_ = std::move(directory);
  block->state_ = std::make_unique<State>(fs);
  if (Status read = block->Read(); !read) return WithContext("block " + block->directory_, std::move(read.error()));
  return block;
}

Status Block::Read() {
  Fs& fs = state_->fs;
  TICKBIRD_ASSIGN_OR_RETURN(const auto meta_text, fs.Read(JoinPath(directory_, "meta.json"), kMaxSmallFileBytes));
  TICKBIRD_ASSIGN_OR_RETURN(meta_, ParseBlockMeta(meta_text));
  TICKBIRD_ASSIGN_OR_RETURN(auto index_file, fs.OpenRead(JoinPath(directory_, "index")));
  const std::int64_t index_bytes = index_file->size();
  auto files = std::make_shared<BlockFiles>();
  TICKBIRD_ASSIGN_OR_RETURN(files->index, IndexReader::Open(std::move(index_file)));
  TICKBIRD_ASSIGN_OR_RETURN(files->segments, ChunkSegments::Open(fs, JoinPath(directory_, "chunks")));
  std::int64_t tombstone_bytes = 0;
  TICKBIRD_ASSIGN_OR_RETURN(auto tombstones, ReadTombstones(fs, directory_, &tombstone_bytes));
  meta_.stats.tombstones = CountTombstones(tombstones);
  state_->SetTombstones(std::move(tombstones));
  state_->bytes =
      static_cast<std::int64_t>(meta_text.size()) + index_bytes + files->segments->bytes() + tombstone_bytes;
  state_->files = std::move(files);
  return {};
}

std::int64_t Block::bytes() const {
  return state_->bytes;
}

std::int64_t Block::memory_bytes() const {
  return static_cast<std::int64_t>(sizeof *this + sizeof *state_ + sizeof *state_->files) +
         state_->files->index->memory_bytes() + TombstoneBytes(*state_->GetTombstones());
}

void Block::DropCaches() {
  state_->files->index->DropCache();
}

std::int64_t Block::damages() const {
  return state_->files->damages.load(std::memory_order_relaxed);
}

bool Block::HasTombstones() const {
  return !state_->GetTombstones()->empty();
}

Result<std::vector<SelectedSeries>> Block::Select(const Selection& selection) const {
  std::vector<SelectedSeries> selected;
  if (selection.max < meta_.min_time || selection.min >= std::max(meta_.max_time, meta_.min_time + 1)) return selected;
  const auto tombstones = state_->GetTombstones();
  TICKBIRD_RETURN_IF_ERROR(state_->ForEach(
      selection.matchers, true, false,
      [&](std::uint32_t id, const Labels& labels, const std::vector<ChunkMeta>& chunks) {
        const auto found = tombstones->find(id);
        Intervals hidden = found == tombstones->end() ? Intervals() : found->second;
        std::vector<ChunkMeta> wanted;
        for (const ChunkMeta& chunk : chunks) {
          if (chunk.max_time < selection.min || chunk.min_time > selection.max) continue;
          if (!Covers(hidden, chunk.min_time, chunk.max_time)) wanted.push_back(chunk);
        }
        if (wanted.empty()) return;
        // The last chunk that begins in time has a sample that is wanted; one more stands by for damage.
        if (selection.newest_only && hidden.empty() && wanted.size() > 2)
          wanted.erase(wanted.begin(), wanted.end() - 2);
        auto* const make = selection.newest_only ? NewNewestBlockCursor : NewBlockCursor;
        selected.push_back(
            {labels, make(state_->files, std::move(wanted), std::move(hidden), selection.min, selection.max)});
      }));
  return selected;
}

Result<std::vector<std::pair<Labels, std::uint32_t>>> Block::Find(const std::vector<Matcher>& matchers) const {
  std::vector<std::pair<Labels, std::uint32_t>> found;
  TICKBIRD_RETURN_IF_ERROR(state_->ForEach(
      matchers, false, false,
      [&](std::uint32_t id, const Labels& labels, const auto& /*chunks*/) { found.emplace_back(labels, id); }));
  return found;
}

std::vector<std::string> Block::LabelNames(const std::vector<Matcher>& matchers) const {
  if (matchers.empty()) return state_->files->index->table().Names();
  std::set<std::string, std::less<>> names;
  const Status read =
      state_->ForEach(matchers, false, false, [&](std::uint32_t /*id*/, const Labels& labels, const auto& /*chunks*/) {
        for (const LabelView& label : labels) {
          if (!names.contains(label.name)) names.emplace(label.name);
        }
      });
  if (!read) state_->files->CountDamage();
  return {names.begin(), names.end()};
}

std::vector<std::string> Block::LabelValues(std::string_view name, const std::vector<Matcher>& matchers) const {
  std::set<std::string, std::less<>> values;
  Status read;
  if (matchers.empty()) {
    if (name.empty()) return {};
    read = state_->files->index->table().Visit(
        name, [&](std::string_view value, std::uint64_t /*offset*/) { values.emplace(value); });
  } else {
    read = state_->ForEach(matchers, false, false,
                           [&](std::uint32_t /*id*/, const Labels& labels, const auto& /*chunks*/) {
                             const std::string_view value = labels.Get(name);
                             if (!value.empty() && !values.contains(value)) values.emplace(value);
                           });
  }
  if (!read) state_->files->CountDamage();
  return {values.begin(), values.end()};
}

std::map<std::string, MetricMetadata, std::less<>> Block::Metadata() const {
  return {};
}

std::unique_ptr<ChunkSeriesSource> Block::AllSeries() const {
  return NewBlockSource(state_->files, state_->GetTombstones());
}

Result<std::int64_t> Block::Delete(const std::vector<Matcher>& matchers, Interval interval) {
  MutexLock lock(state_->delete_mutex);
  Tombstones tombstones = *state_->GetTombstones();
  std::int64_t concerned = 0;
  TICKBIRD_RETURN_IF_ERROR(state_->ForEach(
      matchers, true, true, [&](std::uint32_t id, const Labels& /*labels*/, const std::vector<ChunkMeta>& chunks) {
        const bool has_samples = std::any_of(chunks.begin(), chunks.end(), [&](const ChunkMeta& chunk) {
          return chunk.max_time >= interval.min && chunk.min_time <= interval.max;
        });
        if (!has_samples) return;
        ++concerned;
        // No further than the series reaches, as upstream.
        AddInterval(&tombstones[id],
                    {std::max(interval.min, chunks.front().min_time), std::min(interval.max, chunks.back().max_time)});
      }));
  if (concerned == 0) return 0;
  TICKBIRD_RETURN_IF_ERROR(WriteTombstones(state_->fs, directory_, tombstones));
  state_->SetTombstones(std::move(tombstones));
  return concerned;
}

}  // namespace tickbird::tsdb
