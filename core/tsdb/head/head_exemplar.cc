// Examples behind samples: from the appender into the ring, and back out.
#include <algorithm>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "core/tsdb/head/head.h"

namespace tickbird::tsdb {
namespace {

// A look back into a batch for the exemplar before: a scrape brings few for each series.
constexpr std::size_t kLookBack = 64;

}  // namespace

Status Head::RefuseExemplar(ErrorCode code, const Labels& labels, std::string_view why) {
  ++stats_.exemplars_refused;
  return Error{code, fmt::format("exemplar of {}: {}", labels.ToString(), why)};
}

Status Head::AppendExemplarTo(Batch* batch, SeriesRef ref, const Labels& labels, const Exemplar& exemplar) {
  const std::size_t runes = CountRunes(exemplar.labels);
  MutexLock lock(mutex_);
  if (runes > kMaxExemplarLabelRunes) {
    return RefuseExemplar(ErrorCode::kTooLarge, labels,
                          fmt::format("its labels have {} characters, the limit is {}", runes, kMaxExemplarLabelRunes));
  }
  if (exemplar.timestamp > now_ + options_.max_future) {
    return RefuseExemplar(ErrorCode::kOutOfBounds, labels, "too far in the future");
  }
  Slot slot = ref == 0 ? kNoSlot : table_.FindRef(ref);
  if (slot == kNoSlot) slot = table_.Find(labels);
  if (slot == kNoSlot || (!table_.at(slot).HasSamples() && table_.at(slot).pending_samples == 0)) {
    return RefuseExemplar(ErrorCode::kNotFound, labels, "no such series");
  }
  if (options_.max_exemplars == 0) return {};
  auto outcome = exemplars_.Check(table_.at(slot).ref, exemplar);
  const std::size_t seen = batch->exemplars.size();
  for (std::size_t i = seen; i > seen - std::min(seen, kLookBack); --i) {
    const BatchExemplar& before = batch->exemplars[i - 1];
    if (before.slot != slot) continue;
    if (before.exemplar == exemplar) return {};
    if (exemplar.timestamp < before.exemplar.timestamp) outcome = ExemplarRing::Outcome::kOutOfOrder;
    break;
  }
  if (outcome == ExemplarRing::Outcome::kRepeated) return {};
  if (outcome == ExemplarRing::Outcome::kOutOfOrder) {
    return RefuseExemplar(ErrorCode::kOutOfOrder, labels, "older than the newest one of its series");
  }
  ++table_.at(slot).pending_samples;
  batch->exemplars.push_back({slot, exemplar});
  return {};
}

void Head::CommitExemplars(Batch* batch) {
  for (const BatchExemplar& entry : batch->exemplars) {
    Series& series = table_.at(entry.slot);
    --series.pending_samples;
    const auto outcome = exemplars_.Add(series.ref, entry.exemplar);
    if (outcome == ExemplarRing::Outcome::kOutOfOrder) ++stats_.exemplars_refused;
    if (outcome != ExemplarRing::Outcome::kAdded) continue;
    ++stats_.exemplars_appended;
    // Without a sample it is not in the log.
    if (!wal_ || !series.name) continue;
    pending_.records.AddExemplar(series.ref, entry.exemplar);
    pending_.newest = std::max(pending_.newest, entry.exemplar.timestamp);
  }
  batch->exemplars.clear();
}

TimestampMs Head::ReplayExemplars(std::span<const DecodedRecord::ExemplarEntry> entries) {
  TimestampMs newest = kNoTime;
  for (const auto& entry : entries) {
    NoteReplayedRef(entry.ref);
    const Slot slot = ReplaySlot(entry.ref);
    if (slot == kNoSlot || entry.exemplar.timestamp < min_valid_time_) continue;
    newest = std::max(newest, entry.exemplar.timestamp);
    if (exemplars_.Add(table_.at(slot).ref, entry.exemplar) == ExemplarRing::Outcome::kAdded) ++stats_.replay.exemplars;
  }
  return newest;
}

std::vector<ExemplarSeries> Head::Exemplars(const std::vector<std::vector<Matcher>>& any_of, TimestampMs min,
                                            TimestampMs max) const {
  std::vector<ExemplarSeries> found;
  std::set<SeriesRef> seen;
  for (const std::vector<Matcher>& matchers : any_of) {
    EachOf(Find(matchers), [&](Slot, const Series& series) TICKBIRD_REQUIRES(mutex_) {
      if (!seen.insert(series.ref).second) return;
      if (auto exemplars = exemplars_.Of(series.ref, min, max); !exemplars.empty()) {
        found.push_back({series.labels, std::move(exemplars)});
      }
    });
  }
  std::sort(found.begin(), found.end(),
            [](const ExemplarSeries& a, const ExemplarSeries& b) { return a.labels < b.labels; });
  return found;
}

}  // namespace tickbird::tsdb
