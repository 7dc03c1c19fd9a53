#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "core/model/appender.h"
#include "core/model/exemplar.h"

namespace tickbird::tsdb {

/// The newest exemplars of all series, as many as there is room for: the one that came first goes. Memory is taken as
/// it fills. Not thread safe.
class ExemplarRing {
 public:
  explicit ExemplarRing(std::size_t capacity) : capacity_(capacity) {}

  /// What Add would do.
  enum class Outcome { kAdded, kRepeated, kOutOfOrder };
  Outcome Check(SeriesRef series, const Exemplar& exemplar) const;
  /// kRepeated: equal to the newest of its series. kOutOfOrder: older than that. Nothing is changed then.
  Outcome Add(SeriesRef series, const Exemplar& exemplar);
  /// The series has another reference now, and none has that yet.
  void Rename(SeriesRef series, SeriesRef other);

  /// Those of a series with min <= t <= max, oldest first.
  std::vector<Exemplar> Of(SeriesRef series, TimestampMs min, TimestampMs max) const;
  std::size_t size() const { return entries_.size(); }
  /// Bytes on the heap, estimated.
  std::size_t ByteSize() const;

 private:
  using Index = std::uint32_t;
  static constexpr Index kNone = ~Index{0};
  struct Entry {
    SeriesRef series = 0;
    Exemplar exemplar;
    Index older = kNone;  // of the same series
    Index newer = kNone;
  };

  Index Place();
  void Unlink(Index oldest);

  const std::size_t capacity_;
  std::vector<Entry> entries_;
  Index oldest_ = 0;  // where the next one goes when all places are taken
  std::unordered_map<SeriesRef, Index> newest_;
  std::size_t label_bytes_ = 0;
};

/// Code points of all names and values, as kMaxExemplarLabelRunes counts.
std::size_t CountRunes(const Labels& labels);

}  // namespace tickbird::tsdb
